//! What a strategy may look at: the current embedding, and what follows from the answers so far.

use std::collections::HashSet;

use crate::belief::Belief;
use crate::predict::Predictor;

/// The state of a run before a round of questions. Rows are positions `0..rows` among the training rows.
pub struct Scene<'a> {
    /// The current embedding `[rows, width]`, row-major, every row of unit length.
    pub embeddings: &'a [f32],
    /// Its width.
    pub width: usize,
    /// What follows from the answers so far.
    pub belief: &'a Belief,
    /// The probability that two rows are related, calibrated on the answers so far.
    pub predictor: &'a Predictor,
    /// Pairs (smaller row first) that were asked about already and are not to be asked about again, such as those that
    /// an oracle passed.
    pub closed: &'a HashSet<(u32, u32)>,
    /// The run's seed.
    pub seed: u64,
    /// The round, from 1.
    pub round: u32,
}

impl Scene<'_> {
    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.embeddings.len() / self.width
    }

    /// The embedding of a row.
    pub fn embedding(&self, row: u32) -> &[f32] {
        &self.embeddings[row as usize * self.width..][..self.width]
    }

    /// Cosine similarity of two rows.
    pub fn similarity(&self, a: u32, b: u32) -> f32 {
        self.embedding(a).iter().zip(self.embedding(b)).map(|(x, y)| x * y).sum()
    }

    /// Whether a pair may be asked about: nothing is known about it, and it was not asked about before.
    pub fn is_open(&self, a: u32, b: u32) -> bool {
        a != b && self.belief.relation(a, b).is_none() && !self.closed.contains(&(a.min(b), a.max(b)))
    }
}
