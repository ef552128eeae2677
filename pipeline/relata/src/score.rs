//! Loss of embeddings that anybody made, under a list of edges, with its terms and its gradient.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, RecordBatch, StringArray, UInt64Array};
use arrow::datatypes::{DataType, Field, Float32Type, Schema, UInt64Type};
use futures::StreamExt;
use relata_data::embeddings::{IdColumn, VectorColumn};
use relata_data::id_index::IdIndex;
use relata_data::index::SampleId;
use relata_data::sink::ParquetSink;
use relata_data::source::{IdLookup, session};
use relata_data::{DataError, ParquetFile};
use relata_graph::InducedEdges;
use relata_graph::edge_file::{EdgeFile, PlacedEdges, Skipped, read_placed_edges};
use relata_oracle::OracleError;
use relata_schemas::SchemaError;
use relata_schemas::edges::{DST, SRC, WEIGHT};
use relata_schemas::embeddings::{EMBEDDING, ID};
use relata_schemas::samples::SOURCE_ID;
use relata_train::DeviceChoice;
use relata_train::loss::{GraphLoss, Score, score};

use crate::error::Result;
use crate::evaluate::EvaluateError;

/// The loss of a file of embeddings.
#[derive(Debug, Clone)]
pub struct FileScore {
    /// The ids of the batch, ascending: the rows of the gradient.
    pub ids: Vec<SampleId>,
    /// The user's own ids in the same order, if they are text; else empty.
    pub texts: Vec<String>,
    /// Numbers per embedding.
    pub width: usize,
    /// Value, terms and gradient.
    pub score: Score,
    /// Pairs of the file of edges of which nobody knows whether they are alike.
    pub skipped: Skipped,
}

/// Evaluates a loss on the embeddings of a Parquet file (a column `embedding` of float lists of one length) under the
/// edges of a file in any convention of [`read_edges`](relata_graph::edge_file::read_edges), read as its settings say. All rows, in the order
/// of the column `id`, are one batch; a file without that column has row numbers for ids. Where the user's own ids are
/// text, in `source_id` or in `id`, the edges name samples by them. Of several statements of one sign about a pair the
/// strongest holds; two of different signs are an error, and so is an id without an embedding.
///
/// ```no_run
/// use std::path::Path;
/// use relata::prelude::*;
/// use relata::score::score_files;
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let pairs = edges("pairs.csv").signs("verdict");
/// let found = score_files(Path::new("embeddings.parquet"), &pairs, &vicreg(), DeviceChoice::Cpu).await?;
/// println!("{} for {} samples", found.score.value, found.ids.len());
/// # Ok(())
/// # }
/// ```
pub async fn score_files(
    embeddings: &Path,
    edges: &EdgeFile,
    loss: &dyn GraphLoss,
    device: DeviceChoice,
) -> Result<FileScore> {
    edges.check().map_err(OracleError::from)?;
    let batch = ScoredRows::read(embeddings)?;
    let (edges, skipped) = batch.edges(edges).await?;
    if loss.needs_positives() && !edges.weight.iter().any(|weight| *weight > 0.0) {
        return Err(EvaluateError::NoPositives { loss: loss.describe().name, edges: edges.weight.len() }.into());
    }
    let score = score(loss, batch.values, batch.width, &edges, &device.open()?);
    let mut names: Vec<_> = batch.texts.into_iter().flatten().map(|(text, number)| (number, text)).collect();
    names.sort_unstable();
    let texts = names.into_iter().map(|(_, text)| text).collect();
    Ok(FileScore { ids: batch.ids, texts, width: batch.width, score, skipped })
}

impl FileScore {
    /// Whether the loss and its gradient are numbers that one can go on with.
    pub fn is_finite(&self) -> bool {
        self.score.value.is_finite() && self.score.gradient.iter().all(|number| number.is_finite())
    }

    /// Writes the gradient with respect to each row as Parquet: `id`, `source_id` if the user's own ids are text, and
    /// `gradient`, a FixedSizeList of Float32.
    pub fn write_gradient(&self, path: &Path) -> Result<()> {
        let item = Arc::new(Field::new("item", DataType::Float32, false));
        let numbers = Arc::new(Float32Array::from(self.score.gradient.clone()));
        let gradient = FixedSizeListArray::try_new(item, self.width as i32, numbers, None);
        let gradient = gradient.map_err(DataError::from)?;
        let mut fields = vec![Field::new(ID, DataType::UInt64, false)];
        let mut columns: Vec<ArrayRef> = vec![Arc::new(UInt64Array::from_iter_values(self.ids.iter().map(|id| id.0)))];
        if !self.texts.is_empty() {
            fields.push(Field::new(SOURCE_ID, DataType::Utf8, false));
            columns.push(Arc::new(StringArray::from(self.texts.clone())));
        }
        fields.push(Field::new("gradient", gradient.data_type().clone(), false));
        columns.push(Arc::new(gradient));
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), columns).map_err(DataError::from)?;
        let mut sink = ParquetSink::create(path, schema)?;
        sink.write(&batch)?;
        sink.finish()?;
        Ok(())
    }
}

/// All rows of a file, by ascending id.
struct ScoredRows {
    ids: Vec<SampleId>,
    /// The user's own ids, if they are text, each with the number that stands for it.
    texts: Option<HashMap<String, SampleId>>,
    /// Row-major.
    values: Vec<f32>,
    width: usize,
}

impl ScoredRows {
    fn read(path: &Path) -> Result<Self> {
        let table = path.display().to_string();
        let file = ParquetFile::open(path)?;
        let schema = file.schema().clone();
        let vectors = schema.index_of(EMBEDDING).map_err(|_| EvaluateError::MissingColumn {
            path: path.to_path_buf(),
            column: EMBEDDING.to_owned(),
            role: "embedding",
            columns: schema.fields().iter().map(|field| field.name().clone()).collect(),
        })?;
        let is_text = |name: &&str| schema.field_with_name(name).is_ok_and(|f| IdColumn::is_text(f.data_type()));
        let text = [SOURCE_ID, ID].into_iter().find(is_text);
        let number = Some(ID).filter(|id| schema.index_of(id).is_ok() && !is_text(id));
        let named = text.into_iter().chain(number).filter_map(|name| schema.index_of(name).ok());
        let wanted: Vec<usize> = named.chain([vectors]).collect();
        let (mut ids, mut values, mut width) = (Vec::new(), Vec::new(), None);
        let mut texts = text.map(|_| HashMap::new());
        for batch in file.batches(wanted, 1024)? {
            let batch = batch?;
            let (first, rows) = (ids.len() as u64, batch.num_rows());
            let vectors = VectorColumn::new(&table, EMBEDDING, first, batch[EMBEDDING].clone())?;
            for row in 0..rows {
                let vector = vectors.row(row, width)?;
                width = Some(vector.len());
                values.extend_from_slice(vector);
            }
            match number.map(|name| IdColumn::new(&table, name, first, &batch[name])).transpose()? {
                Some(IdColumn::Numbers(numbers)) => ids.extend(SampleId::slice(numbers.values())),
                // Rows of text ids are numbered, as they are when a dataset is read.
                _ => ids.extend((first..first + rows as u64).map(SampleId)),
            }
            if let (Some(name), Some(texts)) = (text, &mut texts)
                && let IdColumn::Text(names) = IdColumn::new(&table, name, first, &batch[name])?
            {
                for (row, text) in names.iter().flatten().enumerate() {
                    let row = first as usize + row;
                    if let Some(before) = texts.insert(text.to_owned(), ids[row]) {
                        let first = ids.iter().position(|&id| id == before).unwrap_or_default() as u64;
                        let (table, column) = (table.clone(), name.to_owned());
                        let id = format!("`{text}`");
                        return Err(DataError::DuplicateId { table, column, id, first, second: row as u64 }.into());
                    }
                }
            }
        }
        let Some(width) = width else {
            let hint = "Write at least one embedding.".to_owned();
            return Err(DataError::Empty { what: format!("`{table}`"), hint }.into());
        };
        // The index refuses ids that come twice.
        IdIndex::new(ids.clone(), &table, ID)?;
        Ok(Self { ids, texts, values, width }.in_order())
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
            ..self
        }
    }

    /// The edges of a file as edges between positions in the batch, in the order of the file. Of several statements of
    /// one sign about a pair the strongest holds. And what was skipped.
    async fn edges(&self, file: &EdgeFile) -> Result<(InducedEdges, Skipped)> {
        let table = file.path().display().to_string();
        let session = session();
        let lookup = IdLookup::of(IdIndex::new(self.ids.clone(), &table, ID)?, self.texts.clone());
        let mut batches = read_placed_edges(file, &session, Some(&lookup)).await?;
        let mut edges = InducedEdges { nodes: self.ids.len(), ..Default::default() };
        let mut skipped = Skipped::default();
        // The edge of a pair, and the row of the file that it comes from.
        let mut known: HashMap<(u32, u32), (usize, u64)> = HashMap::new();
        while let Some(placed) = batches.next().await {
            let PlacedEdges { edges: batch, places, skipped: more } = placed?;
            skipped += more;
            let column = |name: &str| SampleId::slice(batch[name].as_primitive::<UInt64Type>().values());
            let weights = batch[WEIGHT].as_primitive::<Float32Type>().values();
            for (at, (&src, &dst)) in column(SRC).iter().zip(column(DST)).enumerate() {
                let ((row, name), weight) = (&places[at], weights[at]);
                let pair = (self.position(src), self.position(dst));
                match known.entry(pair) {
                    Entry::Vacant(entry) => {
                        entry.insert((edges.len(), *row));
                        edges.push(pair.0 as usize, pair.1 as usize, weight);
                    }
                    Entry::Occupied(entry) => {
                        let &(edge, first) = entry.get();
                        let before = &mut edges.weight[edge];
                        if *before * weight < 0.0 {
                            let found = format!(
                                "the pair {}, {} with the weight {before} in row {first} and {weight} here",
                                self.name(src),
                                self.name(dst)
                            );
                            let error = SchemaError::column(
                                &table,
                                &**name,
                                "one sign for a pair",
                                found,
                                "Keep one of the two.",
                            );
                            return Err(DataError::from(error.at_row(*row)).into());
                        }
                        if weight.abs() > before.abs() {
                            *before = weight;
                        }
                    }
                }
            }
        }
        Ok((edges, skipped))
    }

    /// The position of an id that the file of edges could look up.
    fn position(&self, id: SampleId) -> u32 {
        self.ids.partition_point(|&known| known < id) as u32
    }

    /// An id as its owner writes it.
    fn name(&self, id: SampleId) -> String {
        let own = self.texts.iter().flatten().find(|(_, number)| **number == id);
        own.map_or_else(|| id.to_string(), |(text, _)| text.clone())
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
    use relata_graph::edge_file::edges;
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
    async fn scored(folder: &Path, text: &str) -> Result<FileScore> {
        std::fs::write(folder.join("edges.csv"), text).unwrap();
        let loss = vicreg().with_sim(1.0).with_var(0.0).with_cov(0.0).with_rep(0.0);
        score_files(&folder.join("z.parquet"), &edges(folder.join("edges.csv")), &loss, DeviceChoice::Cpu).await
    }

    #[tokio::test]
    async fn rows_are_taken_in_the_order_of_their_ids() {
        let folder = tempfile::tempdir().unwrap();
        embeddings(folder.path(), Some(vec![5, 3]), [[1.0, 0.0], [0.0, 2.0]]);
        let found = scored(folder.path(), "src,dst\n5,3\n").await.unwrap();
        assert_eq!((found.score.value, found.score.terms[0]), (2.5, ("invariance", 2.5)));
        assert_eq!((&found.ids, &found.score.gradient), (&vec![SampleId(3), SampleId(5)], &vec![-1.0, 2.0, 1.0, -2.0]));
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
        assert!(unknown.contains("row 1") && unknown.contains("`dst`") && unknown.contains("the id 9"), "{unknown}");
        // Rows that are no edge or two edges count as one, and the column is that of the file.
        for (edges, place) in [
            ("id_r,id_l,match_probability\n3,5,0.5\n5,3,1\n5,9,1\n", ["row 2", "`id_l`"]),
            ("anchor,positive,negative\n5,3,8\n", ["row 0", "`negative`"]),
        ] {
            let unknown = scored(folder.path(), edges).await.unwrap_err().to_string();
            assert!(place.iter().all(|part| unknown.contains(part)), "{unknown}");
        }
        let repeated = scored(folder.path(), "src,dst,weight\n5,3,1\n3,5,-1\n").await.unwrap_err().to_string();
        for part in ["edges.csv", "`dst`, row 1", "the pair 3, 5 with the weight 1 in row 0 and -1 here"] {
            assert!(repeated.contains(part), "no `{part}` in {repeated}");
        }
        embeddings(folder.path(), Some(vec![4, 4]), [[1.0, 0.0], [0.0, 2.0]]);
        let twice = scored(folder.path(), "src,dst\n4,5\n").await.unwrap_err().to_string();
        assert!(twice.contains("the id 4 twice, in rows 0 and 1"), "{twice}");
    }

    #[tokio::test]
    async fn the_strongest_of_several_statements_of_one_sign_holds() {
        let folder = tempfile::tempdir().unwrap();
        embeddings(folder.path(), Some(vec![5, 3]), [[1.0, 0.0], [0.0, 2.0]]);
        let once = scored(folder.path(), "src,dst,weight\n5,3,0.5\n").await.unwrap().score;
        let twice = scored(folder.path(), "src,dst,weight\n5,3,0.25\n3,5,0.5\n5,3,0.5\n").await.unwrap().score;
        assert_eq!((once.value, once.gradient), (twice.value, twice.gradient));
    }

    #[tokio::test]
    async fn text_ids_are_those_of_their_owner() {
        let folder = tempfile::tempdir().unwrap();
        let rows = [[1.0, 0.0], [0.0, 2.0]].map(|row| Some(row.map(Some)));
        let vectors: ArrayRef = Arc::new(FixedSizeListArray::from_iter_primitive::<Float32Type, _, _>(rows, 2));
        let write = |columns: Vec<(&str, ArrayRef)>| {
            let batch = RecordBatch::try_from_iter(columns.into_iter().chain([(EMBEDDING, vectors.clone())])).unwrap();
            let mut sink = ParquetSink::create(&folder.path().join("z.parquet"), batch.schema()).unwrap();
            sink.write(&batch).unwrap();
            sink.finish().unwrap();
        };
        let names = || Arc::new(StringArray::from(vec!["007", "7"])) as ArrayRef;
        for columns in
            [vec![(ID, names())], vec![(ID, Arc::new(UInt64Array::from(vec![9, 4])) as _), (SOURCE_ID, names())]]
        {
            write(columns);
            let found = scored(folder.path(), "src,dst\n007,7\n").await.unwrap();
            assert_eq!(found.score.value, 2.5);
            let path = folder.path().join("gradient.parquet");
            found.write_gradient(&path).unwrap();
            let batch = &ParquetFile::open(&path).unwrap().whole().unwrap()[0];
            let row = batch[SOURCE_ID].as_string::<i32>().iter().position(|name| name == Some("007")).unwrap();
            let gradient = batch["gradient"].as_fixed_size_list().value(row);
            assert_eq!(gradient.as_primitive::<Float32Type>().values(), &[1.0, -2.0]);
            let unknown = scored(folder.path(), "src,dst\n007,8\n").await.unwrap_err().to_string();
            assert!(unknown.contains("the id 8"), "{unknown}");
        }
        write(vec![(ID, Arc::new(StringArray::from(vec!["a", "a"])) as ArrayRef)]);
        let twice = scored(folder.path(), "src,dst\na,b\n").await.unwrap_err().to_string();
        assert!(twice.contains("the id `a` twice, in rows 0 and 1"), "{twice}");
    }
}
