//! Rounds of the query loop: what a round starts from, and its result.

use relata_data::index::TrainingRow;
use serde::{Deserialize, Serialize};

use super::round_progress::RoundProgress;
use super::stop_rules::StopReason;
use crate::calibration::Calibration;

/// The result of a round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Round {
    /// Its number, from 1.
    pub round: u32,
    /// Questions asked in it.
    pub questions: u64,
    /// Spent since the beginning.
    pub spent: f64,
    /// What its answers were worth.
    pub progress: RoundProgress,
    /// Pairs known to be related, and known to be unrelated, by all answers so far.
    pub implied: (u64, u64),
    /// Components of at least two rows.
    pub components: u64,
    /// Why this round is the last, if it is.
    pub stop: Option<StopReason>,
}

/// The embedding that a round starts from, and what it predicts.
pub(super) struct RoundContext<'e> {
    pub embeddings: &'e [f32],
    pub width: usize,
    pub calibration: Calibration,
    pub seed: u64,
    pub round: u32,
}

impl RoundContext<'_> {
    /// Whether two rows are more probably related than not.
    pub fn predicts(&self, a: TrainingRow, b: TrainingRow) -> bool {
        self.calibration.probability(self.similarity(a, b)) >= 0.5
    }

    /// Cosine similarity of two rows.
    pub fn similarity(&self, a: TrainingRow, b: TrainingRow) -> f32 {
        let row = |row: TrainingRow| &self.embeddings[row.index() * self.width..][..self.width];
        row(a).iter().zip(row(b)).map(|(x, y)| x * y).sum()
    }
}
