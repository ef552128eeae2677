//! Embedding files: Parquet files of embeddings, whoever made them, read block by block, by id or by row number.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::buffer::ScalarBuffer;
use arrow::compute::concat;
use arrow::datatypes::DataType;
use parquet::arrow::arrow_reader::RowSelection;
use relata_data::embeddings::{IdColumn, VectorColumn};
use relata_data::{DataError, ParquetFile};
use relata_schemas::SchemaError;
use relata_schemas::embeddings::{EMBEDDING, ID};
use relata_schemas::samples::SOURCE_ID;

use super::arguments::IdArgument;
use super::error::SqlError;

/// Rows that are in memory at once, per thread.
const BLOCK: usize = 4096;

/// An open file with columns `id` (integers or text) and `embedding` (lists of floats of one length); of the others
/// only `source_id` is read.
pub(super) struct EmbeddingFile {
    /// The path, as errors name the file.
    table: String,
    parquet: ParquetFile,
    width: usize,
    /// The column of the user's own ids, if they are text.
    text: Option<&'static str>,
    /// Whether `id` itself is text.
    text_ids: bool,
    /// The first row of every row group, and the number of rows.
    starts: Vec<u64>,
}

impl EmbeddingFile {
    /// Opens a file and checks its columns.
    pub fn open(path: &Path) -> Result<Self, SqlError> {
        let parquet = ParquetFile::open(path)?;
        let mut starts = vec![0];
        for rows in parquet.group_rows() {
            starts.push(starts[starts.len() - 1] + rows);
        }
        let table = path.display().to_string();
        let mut file = Self { table, parquet, width: 0, text: None, text_ids: false, starts };
        let empty = RecordBatch::new_empty(file.parquet.schema().clone());
        file.ids(file.column(&empty, ID)?, 0)?;
        let vectors = file.column(&empty, EMBEDDING)?;
        VectorColumn::new(&file.table, EMBEDDING, 0, vectors.clone())?;
        file.text_ids = IdColumn::is_text(file.column(&empty, ID)?.data_type());
        let is_text = |name: &str| empty.column_by_name(name).is_some_and(|c| IdColumn::is_text(c.data_type()));
        file.text = [SOURCE_ID, ID].into_iter().find(|name| is_text(name));
        file.width = match vectors.data_type() {
            DataType::FixedSizeList(_, width) => *width as usize,
            _ => file.first_width()?,
        };
        Ok(file)
    }

    /// Numbers per vector.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The type of ids in answers: UInt64 or Utf8.
    pub fn id_type(&self) -> DataType {
        if self.text_ids { DataType::Utf8 } else { DataType::UInt64 }
    }

    /// The number of row groups, each of which can be read by itself.
    pub fn groups(&self) -> usize {
        self.starts.len() - 1
    }

    /// The vectors of a row group in blocks, as (number of the first row within the file, numbers).
    pub fn blocks(
        &self,
        group: usize,
    ) -> Result<impl Iterator<Item = Result<(u64, ScalarBuffer<f32>), SqlError>> + '_, SqlError> {
        let reader = self.read(group, &[EMBEDDING], None)?;
        let mut next = self.starts[group];
        Ok(reader.map(move |batch| {
            let batch = batch?;
            let first = next;
            next += batch.num_rows() as u64;
            Ok((first, self.vectors(&batch, first)?))
        }))
    }

    /// The row of a sample: text is looked up in `source_id`, or in `id` if that is text.
    pub fn row(&self, id: &IdArgument) -> Result<Option<u64>, SqlError> {
        let (column, text, number) = match (id, self.text) {
            (IdArgument::Text(text), Some(column)) => (column, text.clone(), None),
            (IdArgument::Text(text), None) => (ID, text.clone(), text.parse().ok()),
            (IdArgument::Number(number), _) => (ID, number.to_string(), Some(*number)),
        };
        for group in 0..self.groups() {
            let mut first = self.starts[group];
            for batch in self.read(group, &[column], None)? {
                let batch = batch?;
                let at = match IdColumn::new(&self.table, column, first, &batch[column])? {
                    IdColumn::Numbers(ids) => ids.values().iter().position(|&found| Some(found) == number),
                    IdColumn::Text(ids) => ids.iter().position(|found| found == Some(&text)),
                };
                if let Some(at) = at {
                    return Ok(Some(first + at as u64));
                }
                first += batch.num_rows() as u64;
            }
        }
        Ok(None)
    }

    /// The vector of a row.
    pub fn vector(&self, row: u64) -> Result<Vec<f32>, SqlError> {
        let mut vector = Vec::new();
        self.rows(&[row], &[EMBEDDING], |batch, first| {
            vector.extend_from_slice(&self.vectors(batch, first)?);
            Ok(())
        })?;
        Ok(vector)
    }

    /// The ids of rows, which ascend, as a column of [`id_type`](Self::id_type).
    pub fn ids_of(&self, rows: &[u64]) -> Result<ArrayRef, SqlError> {
        let mut parts = vec![arrow::array::new_empty_array(&self.id_type())];
        self.rows(rows, &[ID], |batch, first| {
            parts.push(self.ids(&batch[ID], first)?);
            Ok(())
        })?;
        Ok(concat(&parts.iter().map(AsRef::as_ref).collect::<Vec<_>>())?)
    }

    /// Reads rows, which ascend, from the row groups that have any; `take` gets them with the first one's number.
    fn rows(
        &self,
        rows: &[u64],
        columns: &[&str],
        mut take: impl FnMut(&RecordBatch, u64) -> Result<(), SqlError>,
    ) -> Result<(), SqlError> {
        for group in 0..self.groups() {
            let (start, end) = (self.starts[group], self.starts[group + 1]);
            let within = rows.partition_point(|&row| row < start)..rows.partition_point(|&row| row < end);
            let mut rest = &rows[within];
            if rest.is_empty() {
                continue;
            }
            let ranges = rest.iter().map(|&row| (row - start) as usize..(row - start) as usize + 1);
            let selection = RowSelection::from_consecutive_ranges(ranges, (end - start) as usize);
            for batch in self.read(group, columns, Some(selection))? {
                let batch = batch?;
                if let Some(&first) = rest.first() {
                    take(&batch, first)?;
                }
                rest = rest.get(batch.num_rows()..).unwrap_or_default();
            }
        }
        Ok(())
    }

    fn read(
        &self,
        group: usize,
        columns: &[&str],
        selection: Option<RowSelection>,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, DataError>> + use<>, SqlError> {
        let fields = self.parquet.schema().fields().iter().enumerate();
        let wanted = fields.filter(|(_, field)| columns.contains(&field.name().as_str())).map(|(at, _)| at);
        let wanted: Vec<usize> = wanted.collect();
        Ok(self.parquet.clone().in_group(group, selection).batches(wanted, BLOCK)?)
    }

    /// The length of the first vector.
    fn first_width(&self) -> Result<usize, SqlError> {
        for group in 0..self.groups() {
            if let Some(batch) = self.read(group, &[EMBEDDING], None)?.next() {
                let vectors = VectorColumn::new(&self.table, EMBEDDING, 0, batch?[EMBEDDING].clone())?;
                return Ok(vectors.row(0, None)?.len());
            }
        }
        Ok(0)
    }

    /// The numbers of a batch, checked.
    fn vectors(&self, batch: &RecordBatch, first_row: u64) -> Result<ScalarBuffer<f32>, SqlError> {
        let vectors = VectorColumn::new(&self.table, EMBEDDING, first_row, batch[EMBEDDING].clone())?;
        Ok(vectors.rows(self.width)?)
    }

    fn ids(&self, column: &ArrayRef, first_row: u64) -> Result<ArrayRef, SqlError> {
        Ok(match IdColumn::new(&self.table, ID, first_row, column)? {
            IdColumn::Numbers(ids) => Arc::new(ids),
            IdColumn::Text(ids) => Arc::new(ids),
        })
    }

    fn column<'a>(&self, batch: &'a RecordBatch, name: &str) -> Result<&'a ArrayRef, SqlError> {
        batch.column_by_name(name).ok_or_else(|| {
            let names: Vec<&str> = batch.schema_ref().fields().iter().map(|field| field.name().as_str()).collect();
            let hint = "Name a table with the columns `id` and `embedding`, or a file of such a table.";
            let found = format!("only the columns {}", names.join(", "));
            DataError::from(SchemaError::column(&self.table, name, "this column", found, hint)).into()
        })
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, Int64Array, LargeListArray, ListArray, StringArray};
    use arrow::datatypes::{Float64Type, UInt64Type};

    use super::*;
    use crate::fixture;
    use crate::store::{Artifact, Run};

    #[test]
    fn rows_are_found_across_row_groups() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        let rows: Vec<(u64, [f32; 2])> = (0..20_000).map(|row| (3 * row + 1, [row as f32, -1.0])).collect();
        fixture::embeddings(&run, &rows);
        let file = EmbeddingFile::open(&run.embeddings()).unwrap();
        assert_eq!((file.width(), file.groups()), (2, 2));
        let wanted = [0, 4095, 4096, 16_383, 16_384, 19_999];
        let ids = file.ids_of(&wanted).unwrap();
        assert_eq!(ids.as_primitive::<UInt64Type>().values(), &wanted.map(|row| 3 * row + 1));
        for row in wanted {
            assert_eq!(file.row(&IdArgument::Number(3 * row + 1)).unwrap(), Some(row));
            assert_eq!(file.vector(row).unwrap(), [row as f32, -1.0]);
        }
        assert_eq!(file.row(&IdArgument::Number(2)).unwrap(), None);
        assert_eq!(file.row(&IdArgument::Text("7".to_owned())).unwrap(), Some(2));
        for (first, numbers) in (0..2).flat_map(|group| file.blocks(group).unwrap()).map(Result::unwrap) {
            assert_eq!(numbers[0], first as f32);
        }
    }

    #[test]
    fn lists_of_other_writers_and_text_ids_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        let write = |columns: Vec<(&str, ArrayRef)>| {
            fixture::write(&run, Artifact::Embeddings, &RecordBatch::try_from_iter(columns).unwrap());
            EmbeddingFile::open(&run.embeddings())
        };
        let rows = || [[1.0, 2.0], [3.0, 4.0]].map(|row| Some(row.map(Some)));
        let doubles: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows()));
        let large: ArrayRef = Arc::new(LargeListArray::from_iter_primitive::<Float64Type, _, _>(rows()));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![8, 5]));
        let text: ArrayRef = Arc::new(StringArray::from(vec!["ann", "5"]));
        let named = |name: &str| IdArgument::Text(name.to_owned());
        let file = write(vec![(ID, numbers.clone()), (EMBEDDING, doubles)]).unwrap();
        assert_eq!((file.width(), file.row(&IdArgument::Number(5)).unwrap()), (2, Some(1)));
        assert_eq!(file.blocks(0).unwrap().next().unwrap().unwrap().1[..], [1.0, 2.0, 3.0, 4.0]);
        let file = write(vec![(ID, text.clone()), (EMBEDDING, large.clone())]).unwrap();
        assert_eq!((file.id_type(), file.vector(1).unwrap()), (DataType::Utf8, vec![3.0, 4.0]));
        assert_eq!(file.ids_of(&[1]).unwrap().as_string::<i32>().value(0), "5");
        for id in [named("5"), IdArgument::Number(5)] {
            assert_eq!(file.row(&id).unwrap(), Some(1));
        }
        let file = write(vec![(ID, numbers), (SOURCE_ID, text), (EMBEDDING, large)]).unwrap();
        let found = [named("ann"), named("5"), named("8"), IdArgument::Number(8)].map(|id| file.row(&id).unwrap());
        assert_eq!(found, [Some(0), Some(1), None, Some(0)]);
    }

    #[test]
    fn files_that_are_not_embeddings_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let run: Run = fixture::run(folder.path());
        fixture::embeddings(&run, &[(0, [1.0]), (1, [f32::NAN])]);
        let file = EmbeddingFile::open(&run.embeddings()).unwrap();
        let error = file.blocks(0).unwrap().next().unwrap().unwrap_err().to_string();
        assert!(error.contains("embeddings.parquet") && error.contains("row 1"), "{error}");
        let ids = fixture::vectors(&[(0, [1.0])]).project(&[0]).unwrap();
        fixture::write(&run, Artifact::Samples, &ids);
        let error = EmbeddingFile::open(&run.path(Artifact::Samples)).err().unwrap().to_string();
        assert!(error.contains("samples.parquet") && error.contains("`embedding`"), "{error}");
        let error = EmbeddingFile::open(&run.path(Artifact::Plan)).err().unwrap().to_string();
        assert!(error.contains("run.json"), "{error}");
        let bytes = std::fs::read(run.embeddings()).unwrap();
        let cut = folder.path().join("elsewhere/embeddings.parquet");
        std::fs::create_dir(cut.parent().unwrap()).unwrap();
        std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
        let error = EmbeddingFile::open(&cut).err().unwrap().to_string();
        assert!(error.contains("embeddings.parquet") && error.contains("could not be read"), "{error}");
    }
}
