//! Parquet sink: files streamed in row groups and committed atomically.

use std::path::Path;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::Type;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::atomic_file::AtomicFile;
use crate::Result;

/// Rows per row group: what memory is bounded by when a table is written or read.
const ROW_GROUP: usize = 16 * 1024;

/// Writes record batches to a Parquet file that appears when it is complete.
pub struct ParquetSink {
    writer: ArrowWriter<AtomicFile>,
    rows: u64,
}

impl std::fmt::Debug for ParquetSink {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ParquetSink({} rows)", self.rows)
    }
}

impl ParquetSink {
    /// Starts a file of this schema that a user has named; see [`AtomicFile::create`].
    ///
    /// ```
    /// use std::sync::Arc;
    /// use arrow::array::{ArrayRef, RecordBatch, UInt64Array};
    /// use relata_data::sink::ParquetSink;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let ids: ArrayRef = Arc::new(UInt64Array::from(vec![1, 2]));
    /// let batch = RecordBatch::try_from_iter([("id", ids)])?;
    /// let mut sink = ParquetSink::create(&folder.path().join("t.parquet"), batch.schema())?;
    /// sink.write(&batch)?;
    /// assert_eq!(sink.finish()?, 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(path: &Path, schema: SchemaRef) -> Result<Self> {
        Self::into_file(AtomicFile::create(path)?, schema)
    }

    /// Starts a file of this schema that belongs to a run; see [`AtomicFile::sealed`].
    pub fn sealed(path: &Path, schema: SchemaRef) -> Result<Self> {
        Self::into_file(AtomicFile::sealed(path)?, schema)
    }

    /// Starts a table of this schema in a file.
    pub fn into_file(file: AtomicFile, schema: SchemaRef) -> Result<Self> {
        let mut properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_max_row_group_row_count(Some(ROW_GROUP));
        // Numbers that hardly ever repeat would only fill a dictionary to be thrown away.
        for column in ArrowSchemaConverter::new().convert(&schema)?.columns() {
            if matches!(column.physical_type(), Type::FLOAT | Type::DOUBLE) {
                properties = properties.set_column_dictionary_enabled(column.path().clone(), false);
            }
        }
        let writer = ArrowWriter::try_new(file, schema, Some(properties.build()))?;
        Ok(Self { writer, rows: 0 })
    }

    /// Appends a batch.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer.write(batch)?;
        self.rows += batch.num_rows() as u64;
        Ok(())
    }

    /// The rows written so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes the footer and commits the file.
    pub fn finish(self) -> Result<u64> {
        let rows = self.rows;
        self.writer.into_inner()?.commit()?;
        Ok(rows)
    }
}
