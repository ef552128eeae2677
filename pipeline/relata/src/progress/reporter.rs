//! Reporter: tells the observer and the log of `tracing` what a run does.

use std::sync::Arc;
use std::time::Instant;

use super::observer::{Progress, Stage};
use crate::store::Score;

/// Reports the stages of a run.
#[derive(Debug, Clone)]
pub(crate) struct Reporter(Arc<dyn Progress>);

/// A stage that has begun.
pub(crate) struct RunningStage {
    reporter: Reporter,
    stage: Stage,
    start: Instant,
}

impl Reporter {
    /// Reports to `progress`.
    pub fn new(progress: Arc<dyn Progress>) -> Self {
        Self(progress)
    }

    /// Starts a stage; `total` is none if it is not known.
    pub fn stage(&self, name: &'static str, total: impl Into<Option<u64>>, unit: &'static str) -> RunningStage {
        let stage = Stage { name, unit, total: total.into() };
        tracing::info!(stage = name, total = stage.total, unit, "started");
        self.0.started(&stage);
        RunningStage { reporter: self.clone(), stage, start: Instant::now() }
    }

    /// A stage was done before.
    pub fn found(&self, stage: &'static str) {
        tracing::info!(stage, "done before");
        self.0.found(stage);
    }

    /// Something worth knowing about a stage.
    pub fn note(&self, stage: &'static str, message: &str) {
        tracing::info!(stage, "{message}");
        self.0.noted(stage, message);
    }

    /// What the run has measured.
    pub fn summarise(&self, scores: &[Score]) {
        for score in scores {
            tracing::info!(measure = score.name, value = score.value, raw = score.raw, "measured");
        }
        self.0.summarised(scores);
    }
}

impl RunningStage {
    /// So many units are done; `message` says more.
    pub fn at(&self, done: u64, message: &str) {
        tracing::debug!(stage = self.stage.name, done, "{message}");
        self.reporter.0.advanced(&self.stage, done, message);
    }

    /// Ends the stage.
    pub fn finish(self, done: u64, message: &str) {
        let seconds = self.start.elapsed().as_secs_f64();
        tracing::info!(stage = self.stage.name, done, unit = self.stage.unit, seconds, "finished {message}");
        self.reporter.0.finished(&self.stage, done, message);
    }
}
