//! Conflicts: pairs about which oracles contradict each other, and the table that keeps them.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Float32Array, RecordBatch, StringArray, UInt64Array};
use relata_data::index::SampleId;
use relata_data::sink::ParquetSink;
use relata_schemas::conflicts::CONFLICTS;

use crate::error::Result;

/// Rows buffered before they are written.
const ROWS: usize = 8 * 1024;

/// A contradiction that an oracle has decided by itself, for the table of conflicts.
#[derive(Debug, Clone, PartialEq)]
pub struct Conflict {
    /// A sample.
    pub a: SampleId,
    /// Another sample.
    pub b: SampleId,
    /// Who says that they are related.
    pub positive: String,
    /// Who says that they are not.
    pub negative: String,
    /// The weight that was kept; 0 if the pair became unknown.
    pub kept: f32,
    /// The name of the policy that decided.
    pub policy: &'static str,
}

/// The `conflicts` table while it is written.
pub(crate) struct ConflictWriter {
    sink: ParquetSink,
    rows: Vec<Conflict>,
}

impl ConflictWriter {
    pub(crate) fn create(path: &Path) -> Result<Self> {
        Ok(Self { sink: ParquetSink::sealed(path, CONFLICTS.schema())?, rows: vec![] })
    }

    pub(crate) fn push(&mut self, conflict: Conflict) -> Result<()> {
        self.rows.push(conflict);
        if self.rows.len() >= ROWS { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        Ok(self.sink.write(&RecordBatch::try_new(
            CONFLICTS.schema(),
            vec![
                Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.a.min(r.b).0))),
                Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.a.max(r.b).0))),
                Arc::new(StringArray::from_iter_values(rows.iter().map(|r| &r.positive))),
                Arc::new(StringArray::from_iter_values(rows.iter().map(|r| &r.negative))),
                Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.policy))),
                Arc::new(Float32Array::from_iter_values(rows.iter().map(|r| r.kept))),
            ],
        )?)?)
    }

    pub(crate) fn finish(mut self) -> Result<u64> {
        self.flush()?;
        Ok(self.sink.finish()?)
    }
}
