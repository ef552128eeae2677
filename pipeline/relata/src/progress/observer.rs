//! Observer of a run: the trait, and one who shows nothing.

use std::fmt::Debug;

use crate::store::Score;

/// A stage of a run, as it is reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stage {
    /// Its name, such as `train`.
    pub name: &'static str,
    /// What it counts, such as `steps`.
    pub unit: &'static str,
    /// How many there will be; none if that is not known.
    pub total: Option<u64>,
}

/// Watches a run. Every method does nothing unless it is written; they are called on the run's thread, which waits for them.
pub trait Progress: Debug + Send + Sync {
    /// A stage has begun.
    fn started(&self, stage: &Stage) {
        let _ = stage;
    }

    /// A stage has done so many of its units; `message` says more in a few words.
    fn advanced(&self, stage: &Stage, done: u64, message: &str) {
        let _ = (stage, done, message);
    }

    /// A stage has ended.
    fn finished(&self, stage: &Stage, done: u64, message: &str) {
        let _ = (stage, done, message);
    }

    /// A stage was found done by an earlier run of the pipeline.
    fn found(&self, stage: &'static str) {
        let _ = stage;
    }

    /// Something about a stage that is worth knowing.
    fn noted(&self, stage: &'static str, message: &str) {
        let _ = (stage, message);
    }

    /// The run has ended with these last values of its measures.
    fn summarised(&self, scores: &[Score]) {
        let _ = scores;
    }
}

/// Shows nothing; the default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Silent;

impl Progress for Silent {}
