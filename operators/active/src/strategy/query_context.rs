//! Query context: the embedding of a round and what follows from the answers so far, as a strategy sees them.

use std::collections::HashSet;

use relata_data::index::TrainingRow;

use super::scored_candidates::ScoredCandidates;
use crate::calibration::Calibration;
use crate::inference::Belief;

/// The state of a run before a round of questions. Rows are positions `0..rows` among the training rows.
///
/// ```
/// use std::collections::HashSet;
///
/// use relata_active::calibration::Calibration;
/// use relata_active::inference::{Belief, BeliefSettings};
/// use relata_active::strategy::{QueryContext, Strategy, uncertain_pairs};
/// use relata_data::index::TrainingRow;
///
/// let belief = Belief::new(3, BeliefSettings::default());
/// let context = QueryContext {
///     embeddings: &[1.0, 0.0, 0.8, 0.6, 0.0, 1.0],
///     width: 2,
///     belief: &belief,
///     calibration: &Calibration::prior(),
///     closed: &HashSet::new(),
///     candidates: None,
///     seed: 1,
///     round: 1,
/// };
/// let queries = uncertain_pairs().propose(&context, 1);
/// // Rows 1 and 2 have a cosine of 0.6, rows 0 and 1 of 0.8, rows 0 and 2 of 0.
/// assert_eq!((queries[0].anchor, &*queries[0].candidates), (TrainingRow(1), &[TrainingRow(2)][..]));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct QueryContext<'a> {
    /// The current embedding `[rows, width]`, row-major, every row of unit length.
    pub embeddings: &'a [f32],
    /// Its width.
    pub width: usize,
    /// What follows from the answers so far.
    pub belief: &'a Belief,
    /// The probability that two rows are related, calibrated on the answers so far.
    pub calibration: &'a Calibration,
    /// Pairs (smaller row first) that were asked about already and are not to be asked about again, such as those that
    /// an oracle passed.
    pub closed: &'a HashSet<(TrainingRow, TrainingRow)>,
    /// The only pairs to ask about, if the pipeline has candidates.
    pub candidates: Option<&'a ScoredCandidates>,
    /// The run's seed.
    pub seed: u64,
    /// The round, from 1.
    pub round: u32,
}

impl QueryContext<'_> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.embeddings.len() / self.width
    }

    /// The embedding of a row.
    pub fn embedding(&self, row: TrainingRow) -> &[f32] {
        &self.embeddings[row.index() * self.width..][..self.width]
    }

    /// Cosine similarity of two rows.
    pub fn similarity(&self, a: TrainingRow, b: TrainingRow) -> f32 {
        self.embedding(a).iter().zip(self.embedding(b)).map(|(x, y)| x * y).sum()
    }

    /// Whether a pair may be asked about: nothing is known about it, and it was not asked about before.
    pub fn is_open(&self, a: TrainingRow, b: TrainingRow) -> bool {
        a != b && self.belief.relation(a, b).is_none() && !self.closed.contains(&(a.min(b), a.max(b)))
    }
}
