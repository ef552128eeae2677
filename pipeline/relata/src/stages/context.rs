//! Stage context: what all stages of a run work with.

use std::collections::HashMap;
use std::sync::Arc;

use relata_data::Session;
use relata_data::index::Row;
use relata_data::source::Samples;
use relata_decide::candidates::Sources;

use super::spec::Spec;
use crate::error::{PipelineError, Result};
use crate::progress::Reporter;
use crate::store::Run;

/// What all stages of a run work with.
pub(super) struct StageContext<'a> {
    pub spec: &'a Spec,
    pub run: Run,
    pub session: Session,
    pub samples: Samples,
    /// The rows trained on, ascending.
    pub rows: Arc<Vec<Row>>,
    /// The source of each row, if rows are linked across sources.
    pub sources: Option<Sources>,
    pub reporter: Reporter,
    /// What was decided about the first samples, where a run is extended.
    pub extension: Option<Extension>,
}

/// What a run that is extended has decided.
pub(super) struct Extension {
    /// Its samples, which are the first.
    pub rows: usize,
    /// Samples of the first run of all, from which the model is.
    pub trained_rows: usize,
    /// By its rows: the row whose id names the entity; empty without entities.
    pub entities: Vec<u32>,
    /// By its rows: the name of the class that they are known to be of.
    pub classes: HashMap<u32, String>,
    /// The threshold that an audit chose.
    pub threshold: Option<f64>,
}

impl StageContext<'_> {
    /// The label that colours pictures of the embeddings.
    pub fn coloured_by(&self) -> Option<&str> {
        self.spec.evaluations.first().map(|evaluation| evaluation.label())
    }

    /// An error if the run was cancelled, in front of a stage that cannot be left in the middle.
    pub fn unless_cancelled(&self, stage: &'static str) -> Result<()> {
        match self.spec.cancel.is_cancelled() {
            true => Err(PipelineError::Cancelled { stage, folder: self.run.folder().to_path_buf() }),
            false => Ok(()),
        }
    }
}
