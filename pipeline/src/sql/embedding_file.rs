//! A Parquet file of embeddings, read block by block, and by id or row number.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::buffer::ScalarBuffer;
use arrow::datatypes::{DataType, Float32Type, UInt64Type};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use relata_operators::OperatorError;
use relata_schemas::SchemaError;
use relata_schemas::embeddings::{self, EMBEDDING, ID};

use super::SqlError;

/// Rows that are in memory at once, per thread.
const BLOCK: usize = 4096;

/// An open file with columns `id` and `embedding`; other columns are not read.
pub(super) struct EmbeddingFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    width: usize,
    /// The first row of every row group, and the number of rows.
    starts: Vec<u64>,
}

impl EmbeddingFile {
    /// Opens a file and checks its columns.
    pub fn open(path: &Path) -> Result<Self, SqlError> {
        let file = File::open(path).map_err(OperatorError::io(path))?;
        let unreadable = |found: String| OperatorError::Unreadable {
            path: path.to_path_buf(),
            expected: "a Parquet file of embeddings".to_owned(),
            found,
            hint: "Name a table with the columns `id` and `embedding`, or a file of such a table.".to_owned(),
        };
        let metadata = ArrowReaderMetadata::load(&file, Default::default()).map_err(|e| unreadable(e.to_string()))?;
        let mut starts = vec![0];
        for group in metadata.metadata().row_groups() {
            starts.push(starts[starts.len() - 1] + group.num_rows() as u64);
        }
        let mut file = Self { path: path.to_path_buf(), metadata, width: 0, starts };
        let columns = RecordBatch::new_empty(file.metadata.schema().clone());
        embeddings::validate(&columns, 0).map_err(|error| file.named(error))?;
        if let DataType::FixedSizeList(_, width) = columns[EMBEDDING].data_type() {
            file.width = *width as usize;
        }
        Ok(file)
    }

    /// Numbers per vector.
    pub fn width(&self) -> usize {
        self.width
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
        let reader = self.read(group, &[ID, EMBEDDING], None)?;
        let mut next = self.starts[group];
        Ok(reader.map(move |batch| {
            let batch = batch?;
            let first = next;
            next += batch.num_rows() as u64;
            Ok((first, self.vectors(&batch, first)?))
        }))
    }

    /// The row of an id.
    pub fn row(&self, id: u64) -> Result<Option<u64>, SqlError> {
        for group in 0..self.groups() {
            let mut first = self.starts[group];
            for batch in self.read(group, &[ID], None)? {
                let batch = batch?;
                let ids = batch[ID].as_primitive::<UInt64Type>();
                if let Some(at) = ids.values().iter().position(|&found| found == id) {
                    return Ok(Some(first + at as u64));
                }
                first += ids.len() as u64;
            }
        }
        Ok(None)
    }

    /// The vector of a row.
    pub fn vector(&self, row: u64) -> Result<Vec<f32>, SqlError> {
        let mut vector = Vec::new();
        self.rows(&[row], &[ID, EMBEDDING], |batch, first| {
            vector.extend_from_slice(&self.vectors(batch, first)?);
            Ok(())
        })?;
        Ok(vector)
    }

    /// The ids of rows, which ascend.
    pub fn ids(&self, rows: &[u64]) -> Result<Vec<u64>, SqlError> {
        let mut ids = Vec::with_capacity(rows.len());
        self.rows(rows, &[ID], |batch, _| {
            ids.extend_from_slice(batch[ID].as_primitive::<UInt64Type>().values());
            Ok(())
        })?;
        Ok(ids)
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
    ) -> Result<ParquetRecordBatchReader, SqlError> {
        let file = File::open(&self.path).map_err(OperatorError::io(&self.path))?;
        let fields = self.metadata.schema().fields().iter().enumerate();
        let roots = fields.filter(|(_, field)| columns.contains(&field.name().as_str())).map(|(at, _)| at);
        let mask = ProjectionMask::roots(self.metadata.parquet_schema(), roots);
        let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_row_groups(vec![group])
            .with_projection(mask)
            .with_batch_size(BLOCK);
        let builder = match selection {
            Some(selection) => builder.with_row_selection(selection),
            None => builder,
        };
        Ok(builder.build()?)
    }

    /// The numbers of a batch, checked.
    fn vectors(&self, batch: &RecordBatch, first_row: u64) -> Result<ScalarBuffer<f32>, SqlError> {
        embeddings::validate(batch, first_row).map_err(|error| self.named(error))?;
        let list = batch[EMBEDDING].as_fixed_size_list();
        let numbers = list.values().as_primitive::<Float32Type>();
        if list.null_count() + numbers.null_count() > 0 {
            let hint = "Drop the rows without a whole vector.";
            return Err(self.named(SchemaError::column("", EMBEDDING, "numbers without nulls", "null", hint)));
        }
        Ok(numbers.values().clone())
    }

    fn named(&self, mut error: SchemaError) -> SqlError {
        error.table = self.path.display().to_string();
        OperatorError::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn rows_are_found_across_row_groups() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        let rows: Vec<(u64, [f32; 2])> = (0..20_000).map(|row| (3 * row + 1, [row as f32, -1.0])).collect();
        fixture::embeddings(&run, &rows);
        let file = EmbeddingFile::open(&run.embeddings()).unwrap();
        assert_eq!((file.width(), file.groups()), (2, 2));
        let wanted = [0, 4095, 4096, 16_383, 16_384, 19_999];
        assert_eq!(file.ids(&wanted).unwrap(), wanted.map(|row| 3 * row + 1));
        for row in wanted {
            assert_eq!(file.row(3 * row + 1).unwrap(), Some(row));
            assert_eq!(file.vector(row).unwrap(), [row as f32, -1.0]);
        }
        assert_eq!(file.row(2).unwrap(), None);
        for (first, numbers) in (0..2).flat_map(|group| file.blocks(group).unwrap()).map(Result::unwrap) {
            assert_eq!(numbers[0], first as f32);
        }
    }

    #[test]
    fn files_that_are_not_embeddings_are_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        fixture::embeddings(&run, &[(0, [1.0]), (1, [f32::NAN])]);
        let file = EmbeddingFile::open(&run.embeddings()).unwrap();
        let error = file.blocks(0).unwrap().next().unwrap().unwrap_err().to_string();
        assert!(error.contains("embeddings.parquet") && error.contains("row 1"), "{error}");
        let ids = fixture::vectors(&[(0, [1.0])]).project(&[0]).unwrap();
        fixture::write(&run, "samples", &ids);
        let error = EmbeddingFile::open(&run.path("samples.parquet")).err().unwrap().to_string();
        assert!(error.contains("samples.parquet") && error.contains("`embedding`"), "{error}");
        let error = EmbeddingFile::open(&run.path("run.json")).err().unwrap().to_string();
        assert!(error.contains("run.json"), "{error}");
    }
}
