//! Recorder that changes answers on their way to another one.

use std::path::Path;

use relata_data::index::SampleId;

use crate::answer::Answer;
use crate::error::Result;
use crate::record::Record;

/// Records what `change` makes of each answer.
pub(super) struct MapAnswers<'a, F> {
    out: &'a dyn Record,
    change: F,
}

impl<'a, F: Fn(&mut Answer) + Send + Sync> MapAnswers<'a, F> {
    pub(super) fn new(out: &'a dyn Record, change: F) -> Self {
        Self { out, change }
    }
}

impl<F: Fn(&mut Answer) + Send + Sync> Record for MapAnswers<'_, F> {
    fn record(&self, answers: &[Answer]) -> Result<()> {
        let mut answers = answers.to_vec();
        answers.iter_mut().for_each(&self.change);
        self.out.record(&answers)
    }

    fn folder(&self) -> &Path {
        self.out.folder()
    }

    fn heard(&self, question: u64) -> Result<Vec<(SampleId, String)>> {
        self.out.heard(question)
    }
}
