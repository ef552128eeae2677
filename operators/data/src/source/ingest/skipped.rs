//! Skipped rows: the list of samples that were left out (`skipped.parquet`), and how many may be.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, UInt64Array};
use relata_schemas::run_file;
use relata_schemas::skipped::SKIPPED;

use crate::sink::ParquetSink;
use crate::{DataError, Result};

/// So many are left out before it is asked whether most are.
const SOON: usize = 1000;

/// A row that was left out.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Skipped {
    pub row: u64,
    pub column: String,
    pub path: Option<String>,
    pub reason: String,
}

/// The rows of a dataset that were left out so far.
pub(super) struct SkippedRows {
    table: String,
    share: f64,
    rows: Vec<Skipped>,
}

impl SkippedRows {
    /// None yet; more than this share of all rows are refused.
    pub fn new(table: &str, share: f64) -> Self {
        Self { table: table.to_owned(), share, rows: Vec::new() }
    }

    /// Adds a row. Where most of the first rows cannot be read, nor will the others: that is refused at once.
    pub fn add(&mut self, row: Skipped) -> Result<()> {
        let seen = row.row + 1;
        self.rows.push(row);
        if self.rows.len() >= SOON && self.rows.len() as f64 > self.share.max(0.5) * seen as f64 {
            return Err(self.too_many(seen));
        }
        Ok(())
    }

    /// Writes the list, if there is anything in it; refuses more than the share.
    pub fn finish(self, folder: &Path, kept: u64) -> Result<()> {
        let path = folder.join(run_file::SKIPPED);
        if self.rows.is_empty() {
            return Ok(());
        }
        let all = kept + self.rows.len() as u64;
        if kept == 0 || self.rows.len() as f64 > self.share * all as f64 {
            return Err(self.too_many(all));
        }
        let texts = |text: fn(&Skipped) -> Option<&str>| -> ArrayRef {
            Arc::new(self.rows.iter().map(text).collect::<StringArray>())
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(self.rows.iter().map(|row| row.row).collect::<UInt64Array>()),
            texts(|row| Some(&row.column)),
            texts(|row| row.path.as_deref()),
            texts(|row| Some(&row.reason)),
        ];
        let mut sink = ParquetSink::sealed(&path, SKIPPED.schema())?;
        sink.write(&RecordBatch::try_new(SKIPPED.schema(), columns)?)?;
        sink.finish().map(|_| ())
    }

    fn too_many(&self, all: u64) -> DataError {
        let first = &self.rows[0];
        DataError::TooManySkipped {
            table: self.table.clone(),
            skipped: self.rows.len() as u64,
            rows: all,
            share: self.share,
            first: first.path.clone().unwrap_or_else(|| format!("row {}", first.row)),
            reason: first.reason.clone(),
        }
    }
}
