//! The loss of embeddings that anybody made, under a list of edges, with its terms and its gradient.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, RecordBatch, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float32Type, Schema, UInt64Type};
use futures::StreamExt;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use relata_operators::OperatorError;
use relata_operators::edges::InducedEdges;
use relata_operators::edges::read::read_edges;
use relata_operators::ids::IdIndex;
use relata_operators::sink::ParquetSink;
use relata_operators::source::session;
use relata_schemas::SchemaError;
use relata_schemas::edges::{DST, SRC, WEIGHT};
use relata_schemas::embeddings::{EMBEDDING, ID};
use relata_train::DeviceChoice;
use relata_train::loss::{GraphLoss, Score, score};

use crate::Result;
use crate::evaluate::{EvaluateError, VectorColumn};

/// The loss of a file of embeddings.
#[derive(Debug, Clone)]
pub struct FileScore {
    /// The ids of the batch, ascending: the rows of the gradient.
    pub ids: Vec<u64>,
    /// Numbers per embedding.
    pub width: usize,
    /// Value, terms and gradient.
    pub score: Score,
}

/// Evaluates a loss on the embeddings of a Parquet file (a column `embedding` of float lists of one length) under the
/// edges of a file in any convention of [`read_edges`]. All rows, in the order of the column `id`, are one batch; a
/// file without that column has row numbers for ids. An id without an embedding and a pair that comes twice are errors.
pub async fn score_files(
    embeddings: &Path,
    edges: &Path,
    loss: &dyn GraphLoss,
    device: DeviceChoice,
) -> Result<FileScore> {
    let batch = Batch::read(embeddings)?;
    let edges = batch.edges(edges).await?;
    let score = score(loss, batch.values, batch.width, &edges, &device.open()?);
    Ok(FileScore { ids: batch.ids, width: batch.width, score })
}

impl FileScore {
    /// Writes the gradient with respect to each row as Parquet: `id` and `gradient`, a FixedSizeList of Float32.
    pub fn write_gradient(&self, path: &Path) -> Result<()> {
        let item = Arc::new(Field::new("item", DataType::Float32, false));
        let numbers = Arc::new(Float32Array::from(self.score.gradient.clone()));
        let gradient = FixedSizeListArray::try_new(item, self.width as i32, numbers, None);
        let gradient = gradient.map_err(OperatorError::from)?;
        let schema = Arc::new(Schema::new(vec![
            Field::new(ID, DataType::UInt64, false),
            Field::new("gradient", gradient.data_type().clone(), false),
        ]));
        let columns: Vec<ArrayRef> = vec![Arc::new(UInt64Array::from(self.ids.clone())), Arc::new(gradient)];
        let batch = RecordBatch::try_new(schema.clone(), columns).map_err(OperatorError::from)?;
        let mut sink = ParquetSink::create(path, schema)?;
        sink.write(&batch)?;
        sink.finish()?;
        Ok(())
    }
}

/// All rows of a file, by ascending id.
struct Batch {
    ids: Vec<u64>,
    /// Row-major.
    values: Vec<f32>,
    width: usize,
}

impl Batch {
    fn read(path: &Path) -> Result<Self> {
        let table = path.display().to_string();
        let file = File::open(path).map_err(OperatorError::io(path))?;
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| OperatorError::Unreadable {
            path: path.to_path_buf(),
            expected: "a Parquet file of embeddings".to_owned(),
            found: error.to_string(),
            hint: "Write the embeddings as Parquet.".to_owned(),
        })?;
        let schema = builder.schema().clone();
        let vectors = schema.index_of(EMBEDDING).map_err(|_| EvaluateError::MissingColumn {
            path: path.to_path_buf(),
            column: EMBEDDING.to_owned(),
            role: "embedding",
            columns: schema.fields().iter().map(|field| field.name().clone()).collect(),
        })?;
        let id = schema.index_of(ID).ok();
        let mask = ProjectionMask::roots(builder.parquet_schema(), id.into_iter().chain([vectors]));
        let (mut ids, mut values, mut width) = (Vec::new(), Vec::new(), None);
        for batch in builder.with_projection(mask).build().map_err(OperatorError::from)? {
            let batch = batch.map_err(OperatorError::from)?;
            let (first, rows) = (ids.len() as u64, batch.num_rows());
            let vectors = VectorColumn::new(&table, EMBEDDING, first, batch[EMBEDDING].clone())?;
            for row in 0..rows {
                let vector = vectors.row(row, width)?;
                width = Some(vector.len());
                values.extend_from_slice(vector);
            }
            match id {
                Some(_) => ids.extend(numbers(&table, first, &batch[ID])?),
                None => ids.extend(first..first + rows as u64),
            }
        }
        let Some(width) = width else {
            let hint = "Write at least one embedding.".to_owned();
            return Err(OperatorError::Empty { what: format!("`{table}`"), hint }.into());
        };
        // The index refuses ids that come twice.
        IdIndex::new(ids.clone(), &table, ID)?;
        Ok(Self { ids, values, width }.in_order())
    }

    fn in_order(self) -> Self {
        if self.ids.is_sorted() {
            return self;
        }
        let mut order: Vec<usize> = (0..self.ids.len()).collect();
        order.sort_unstable_by_key(|&row| self.ids[row]);
        let row = |row: &usize| self.values[row * self.width..(row + 1) * self.width].iter().copied();
        Self {
            ids: order.iter().map(|&row| self.ids[row]).collect(),
            values: order.iter().flat_map(row).collect(),
            width: self.width,
        }
    }

    /// The edges of a file as edges between positions in the batch, counted in the order of the file: the row number
    /// too, unless a row stands for two edges (an anchor with a positive and a negative) or for none.
    async fn edges(&self, path: &Path) -> Result<InducedEdges> {
        let table = path.display().to_string();
        let session = session();
        let mut batches = read_edges(path, &session, None).await?;
        let mut edges = InducedEdges { nodes: self.ids.len(), ..Default::default() };
        let mut known: HashMap<(u32, u32), usize> = HashMap::new();
        while let Some(batch) = batches.next().await {
            let batch = batch?;
            let column = |name: &str| batch[name].as_primitive::<UInt64Type>().values();
            let weights = batch[WEIGHT].as_primitive::<Float32Type>().values();
            for ((&src, &dst), &weight) in column(SRC).iter().zip(column(DST)).zip(weights) {
                let edge = edges.len();
                let position = |name: &str, id: u64| self.position(id).ok_or_else(|| unknown(&table, name, edge, id));
                let pair = (position(SRC, src)?, position(DST, dst)?);
                match known.entry(pair) {
                    Entry::Occupied(first) => return Err(repeated(&table, (src, dst), *first.get(), edge).into()),
                    Entry::Vacant(entry) => entry.insert(edge),
                };
                edges.src.push(pair.0);
                edges.dst.push(pair.1);
                edges.weight.push(weight);
            }
        }
        Ok(edges)
    }

    fn position(&self, id: u64) -> Option<u32> {
        self.ids.binary_search(&id).ok().map(|position| position as u32)
    }
}

/// A column of ids, of any integer type.
fn numbers(table: &str, first_row: u64, column: &ArrayRef) -> Result<Vec<u64>> {
    let expected = "integers from 0";
    let hint = "Number the rows, or leave the column out: row numbers are the ids then.";
    if !column.data_type().is_integer() {
        return Err(schema_error(SchemaError::column(table, ID, expected, column.data_type().to_string(), hint)));
    }
    let ids = cast(column, &DataType::UInt64).map_err(OperatorError::from)?;
    let ids = ids.as_primitive::<UInt64Type>();
    match (0..ids.len()).find(|&row| ids.is_null(row)) {
        None => Ok(ids.values().to_vec()),
        Some(row) => {
            let found = if column.is_null(row) { "null" } else { "a negative number" };
            Err(schema_error(SchemaError::column(table, ID, expected, found, hint).at_row(first_row + row as u64)))
        }
    }
}

fn unknown(table: &str, column: &str, edge: usize, id: u64) -> OperatorError {
    OperatorError::UnknownId {
        table: table.to_owned(),
        column: column.to_owned(),
        row: edge as u64,
        id: id.to_string(),
    }
}

fn repeated(table: &str, (src, dst): (u64, u64), first: usize, second: usize) -> OperatorError {
    let found = format!("the pair {src}, {dst} in row {first} and again in row {second}");
    SchemaError::column(table, SRC, "every pair of ids once", found, "Keep one of the two.").into()
}

fn schema_error(error: SchemaError) -> crate::PipelineError {
    OperatorError::from(error).into()
}

#[cfg(test)]
mod tests {
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
    use relata_train::loss::vicreg;

    use super::*;

    fn embeddings(folder: &Path, ids: Option<Vec<u64>>, vectors: [[f32; 2]; 2]) {
        let rows = vectors.map(|row| Some(row.map(Some)));
        let vectors: ArrayRef = Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(rows, 2));
        let ids = ids.map(|ids| (ID, Arc::new(UInt64Array::from(ids)) as ArrayRef));
        let batch = RecordBatch::try_from_iter(ids.into_iter().chain([(EMBEDDING, vectors)])).unwrap();
        let file = File::create(folder.join("z.parquet")).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }

    /// The mean square of the differences along the edges, alone.
    async fn scored(folder: &Path, edges: &str) -> Result<FileScore> {
        std::fs::write(folder.join("edges.csv"), edges).unwrap();
        let loss = vicreg().with_sim(1.0).with_var(0.0).with_cov(0.0).with_rep(0.0);
        score_files(&folder.join("z.parquet"), &folder.join("edges.csv"), &loss, DeviceChoice::Cpu).await
    }

    #[tokio::test]
    async fn rows_are_taken_in_the_order_of_their_ids() {
        let folder = tempfile::tempdir().unwrap();
        embeddings(folder.path(), Some(vec![5, 3]), [[1.0, 0.0], [0.0, 2.0]]);
        let found = scored(folder.path(), "src,dst\n5,3\n").await.unwrap();
        assert_eq!((found.score.value, found.score.terms[0]), (2.5, ("invariance", 2.5)));
        assert_eq!((&found.ids, &found.score.gradient), (&vec![3, 5], &vec![-1.0, 2.0, 1.0, -2.0]));
        let path = folder.path().join("gradient.parquet");
        found.write_gradient(&path).unwrap();
        let mut reader = ParquetRecordBatchReader::try_new(File::open(path).unwrap(), 10).unwrap();
        let batch = reader.next().unwrap().unwrap();
        assert_eq!(batch[ID].as_primitive::<UInt64Type>().values(), &[3, 5]);
        let gradient = batch["gradient"].as_fixed_size_list();
        assert_eq!(gradient.value(1).as_primitive::<Float32Type>().values(), &[1.0, -2.0]);
    }

    #[tokio::test]
    async fn without_ids_rows_are_numbered() {
        let folder = tempfile::tempdir().unwrap();
        embeddings(folder.path(), None, [[1.0, 0.0], [0.0, 2.0]]);
        assert_eq!(scored(folder.path(), "src,dst\n0,1\n").await.unwrap().score.value, 2.5);
    }

    #[tokio::test]
    async fn unknown_and_repeated_edges_and_repeated_ids_name_their_rows() {
        let folder = tempfile::tempdir().unwrap();
        embeddings(folder.path(), Some(vec![5, 3]), [[1.0, 0.0], [0.0, 2.0]]);
        let unknown = scored(folder.path(), "src,dst\n5,3\n3,9\n").await.unwrap_err().to_string();
        assert!(unknown.contains("row 1") && unknown.contains("the id 9"), "{unknown}");
        let repeated = scored(folder.path(), "src,dst,weight\n5,3,1\n3,5,-1\n").await.unwrap_err().to_string();
        assert!(repeated.contains("3, 5 in row 0 and again in row 1"), "{repeated}");
        embeddings(folder.path(), Some(vec![4, 4]), [[1.0, 0.0], [0.0, 2.0]]);
        let twice = scored(folder.path(), "src,dst\n4,5\n").await.unwrap_err().to_string();
        assert!(twice.contains("the id 4 twice, in rows 0 and 1"), "{twice}");
    }
}
