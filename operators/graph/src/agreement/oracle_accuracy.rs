//! Oracle accuracies: how much each oracle states, how often others agree, and how often it is right by that.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Float32Array, Float64Array, RecordBatch, StringArray, UInt64Array};
use relata_data::sink::ParquetSink;
use relata_schemas::oracle_accuracy::ORACLE_ACCURACY;
use relata_schemas::run_file;

use super::label_model::PRIOR_ACCURACY;
use crate::error::Result;

/// What is known about an oracle by what it and others state.
#[derive(Debug, Clone, PartialEq)]
pub struct OracleAccuracy {
    /// The oracle, as `rel` names it.
    pub oracle: String,
    /// Pairs that it calls related, those that its groups imply included.
    pub positives: u64,
    /// Pairs that it calls unrelated, likewise.
    pub negatives: u64,
    /// What others say about the same pairs, as far as that was looked at.
    pub compared: u64,
    /// How much of that is the same.
    pub agreed: u64,
    /// The estimated share of its statements that is right.
    pub accuracy: f64,
    /// What the weights of its pairs were multiplied by.
    pub weight: f32,
}

impl OracleAccuracy {
    /// An oracle that nothing is known about.
    pub(super) fn unknown(oracle: &str) -> Self {
        let (oracle, accuracy) = (oracle.to_owned(), PRIOR_ACCURACY);
        Self { oracle, positives: 0, negatives: 0, compared: 0, agreed: 0, accuracy, weight: 1.0 }
    }

    /// The share of [`compared`](Self::compared) that is the same; none if nothing was compared.
    pub fn agreement(&self) -> Option<f64> {
        (self.compared > 0).then(|| self.agreed as f64 / self.compared as f64)
    }
}

/// Writes `oracle_accuracy.parquet` to `folder`.
pub(crate) fn write_accuracies(folder: &Path, oracles: &[OracleAccuracy]) -> Result<()> {
    let mut sink = ParquetSink::sealed(&folder.join(run_file::ORACLE_ACCURACY), ORACLE_ACCURACY.schema())?;
    let batch = RecordBatch::try_new(
        ORACLE_ACCURACY.schema(),
        vec![
            Arc::new(StringArray::from_iter_values(oracles.iter().map(|oracle| &oracle.oracle))),
            Arc::new(UInt64Array::from_iter_values(oracles.iter().map(|oracle| oracle.positives + oracle.negatives))),
            Arc::new(UInt64Array::from_iter_values(oracles.iter().map(|oracle| oracle.positives))),
            Arc::new(UInt64Array::from_iter_values(oracles.iter().map(|oracle| oracle.negatives))),
            Arc::new(UInt64Array::from_iter_values(oracles.iter().map(|oracle| oracle.compared))),
            Arc::new(oracles.iter().map(OracleAccuracy::agreement).collect::<Float64Array>()),
            Arc::new(Float64Array::from_iter_values(oracles.iter().map(|oracle| oracle.accuracy))),
            Arc::new(Float32Array::from_iter_values(oracles.iter().map(|oracle| oracle.weight))),
        ],
    )?;
    relata_schemas::oracle_accuracy::validate(&batch, 0)?;
    sink.write(&batch)?;
    sink.finish()?;
    Ok(())
}
