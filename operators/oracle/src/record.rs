//! Recorder of answers: where they are written down.

use std::path::Path;

use relata_data::index::SampleId;

use crate::answer::Answer;
use crate::error::Result;

/// Where answers are written down. They are durable when `record` returns; answers that were recorded already are
/// passed over.
pub trait Record: Send + Sync {
    /// Writes answers down. An error if one is about a question or candidate that was never asked about.
    fn record(&self, answers: &[Answer]) -> Result<()>;

    /// The folder of the run that asks.
    fn folder(&self) -> &Path;

    /// Who has answered about which candidate of a question already, as (candidate, annotator).
    fn heard(&self, question: u64) -> Result<Vec<(SampleId, String)>> {
        let _ = question;
        Ok(vec![])
    }
}
