//! Parquet file that is read from front to back, and named in every error: it may be cut short or damaged anywhere.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ParquetRecordBatchReaderBuilder, RowSelection};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};

use crate::decoder_panic::caught;
use crate::sink::verify;
use crate::{DataError, Result};

/// What every Parquet file starts and ends with.
const MAGIC: &[u8] = b"PAR1";

/// A file of which nothing but the footer has been read.
#[derive(Clone)]
pub struct ParquetFile {
    path: PathBuf,
    metadata: ArrowReaderMetadata,
    /// The only row group that is read.
    group: Option<usize>,
    selection: Option<RowSelection>,
}

impl std::fmt::Debug for ParquetFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParquetFile({})", self.path.display())
    }
}

impl ParquetFile {
    /// Opens a file and reads its schema. A footer that points out of the file is an error: readers would allocate
    /// whatever length it names.
    pub fn open(path: &Path) -> Result<Self> {
        verify(path)?;
        let len = check_ends(path)?;
        let file = File::open(path).map_err(DataError::io(path))?;
        let metadata = caught(|| ArrowReaderMetadata::load(&file, Default::default()));
        let metadata = metadata.map_err(|error| DataError::damaged(path, error))?;
        check_ranges(metadata.metadata(), path, len)?;
        Ok(Self { path: path.to_path_buf(), metadata, group: None, selection: None })
    }

    /// The columns.
    pub fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// The rows in the order of the file: only the columns at these positions, and at most `rows` rows a batch.
    pub fn batches(
        self,
        columns: impl IntoIterator<Item = usize>,
        rows: usize,
    ) -> Result<impl Iterator<Item = Result<RecordBatch>> + Send> {
        let Self { path, metadata, group, selection } = self;
        let file = File::open(&path).map_err(DataError::io(&path))?;
        let mask = ProjectionMask::roots(metadata.parquet_schema(), columns);
        let mut builder = ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata);
        if let Some(group) = group {
            builder = builder.with_row_groups(vec![group]);
        }
        if let Some(selection) = selection {
            builder = builder.with_row_selection(selection);
        }
        let reader = caught(|| builder.with_projection(mask).with_batch_size(rows).build());
        let mut reader = reader.map_err(|error| DataError::damaged(&path, error))?;
        Ok(std::iter::from_fn(move || match caught(|| Ok(reader.next())) {
            Ok(batch) => Some(batch?.map_err(|error| DataError::damaged(&path, error))),
            Err(panic) => Some(Err(DataError::damaged(&path, panic))),
        }))
    }

    /// All columns, in batches of at most 8,192 rows.
    pub fn all_batches(self) -> Result<impl Iterator<Item = Result<RecordBatch>> + Send> {
        let columns = 0..self.schema().fields().len();
        self.batches(columns, 8192)
    }

    /// All columns of all rows.
    pub fn whole(self) -> Result<Vec<RecordBatch>> {
        self.all_batches()?.collect()
    }

    /// Only these rows of one row group.
    pub fn in_group(mut self, group: usize, selection: Option<RowSelection>) -> Self {
        (self.group, self.selection) = (Some(group), selection);
        self
    }

    /// The number of rows of each row group.
    pub fn group_rows(&self) -> impl Iterator<Item = u64> + '_ {
        // A negative number is damage, which the reader of the group reports.
        self.metadata.metadata().row_groups().iter().map(|group| u64::try_from(group.num_rows()).unwrap_or_default())
    }
}

/// Refuses a footer with columns that are not within the file.
pub(crate) fn check_ranges(metadata: &ParquetMetaData, path: &Path, len: u64) -> Result<()> {
    for chunk in metadata.row_groups().iter().flat_map(|group| group.columns()) {
        if let Some((start, bytes)) = ranges(chunk).find(|range| !lies_within(*range, len)) {
            let column = chunk.column_path().string();
            let found = format!("column `{column}` with {bytes} bytes from byte {start}, in a file of {len} bytes");
            return Err(DataError::damaged(path, found));
        }
    }
    Ok(())
}

/// Refuses a file that was cut short, or is of another format; gives its length.
fn check_ends(path: &Path) -> Result<u64> {
    let unreadable = |found: String| DataError::Unreadable {
        path: path.to_path_buf(),
        expected: "a Parquet file, which starts and ends with PAR1".to_owned(),
        found,
        hint: "It may be truncated or of another format: copy it again.".to_owned(),
    };
    let mut file = File::open(path).map_err(DataError::io(path))?;
    let len = file.metadata().map_err(DataError::io(path))?.len();
    if len < 12 {
        return Err(unreadable(format!("{len} bytes")));
    }
    let mut ends = [0; 8];
    let mut read = || -> std::io::Result<()> {
        file.read_exact(&mut ends[..4])?;
        file.seek(SeekFrom::End(-4))?;
        file.read_exact(&mut ends[4..])
    };
    read().map_err(DataError::io(path))?;
    for (end, bytes) in [("starts", &ends[..4]), ("ends", &ends[4..])] {
        if bytes != MAGIC {
            return Err(unreadable(format!("{len} bytes, of which the file {end} with {}", bytes.escape_ascii())));
        }
    }
    Ok(len)
}

/// Where the parts of a column in a row group are, and how long they are.
fn ranges(chunk: &ColumnChunkMetaData) -> impl Iterator<Item = (i64, i64)> {
    let part = |offset: Option<i64>, len: Option<i32>| Some((offset?, len.map_or(0, i64::from)));
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let parts = [
        Some((start, chunk.compressed_size())),
        part(chunk.column_index_offset(), chunk.column_index_length()),
        part(chunk.offset_index_offset(), chunk.offset_index_length()),
        part(chunk.bloom_filter_offset(), chunk.bloom_filter_length()),
    ];
    parts.into_iter().flatten()
}

fn lies_within((start, bytes): (i64, i64), len: u64) -> bool {
    let end = start.checked_add(bytes).and_then(|end| u64::try_from(end).ok());
    start >= 0 && bytes >= 0 && end.is_some_and(|end| end <= len)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, UInt64Array};

    use super::*;
    use crate::sink::ParquetSink;

    #[test]
    fn a_file_is_read_by_columns_and_named_wherever_it_is_damaged() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.parquet");
        let column = |factor: u64| -> ArrayRef {
            Arc::new(UInt64Array::from_iter_values((0..50_000).map(|row: u64| row.wrapping_mul(factor) ^ (row << 40))))
        };
        let batch = RecordBatch::try_from_iter([("a", column(0x9e37_79b9)), ("b", column(7))]).unwrap();
        let mut sink = ParquetSink::create(&path, batch.schema()).unwrap();
        sink.write(&batch).unwrap();
        sink.finish().unwrap();
        let read = |path: &Path| ParquetFile::open(path)?.batches([1], 1000)?.collect::<Result<Vec<_>>>();
        let batches = read(&path).unwrap();
        assert_eq!((batches[0].num_rows(), batches[0].num_columns()), (1000, 1));
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 50_000);

        let whole = std::fs::read(&path).unwrap();
        let mut pages = whole.clone();
        let middle = whole.len() / 2;
        pages[middle..middle + 20_000].fill(0xa5);
        for bytes in [&whole[..middle], &pages, &[][..]] {
            std::fs::write(&path, bytes).unwrap();
            let error = read(&path).unwrap_err();
            assert!(matches!(&error, DataError::Unreadable { path: named, .. } if *named == path), "{error}");
        }
        let missing = ParquetFile::open(&folder.path().join("none")).err().unwrap().to_string();
        assert!(missing.contains("none"), "{missing}");
    }
}
