//! Collapse detection: the effective rank of the embeddings, watched while a model trains.

use crate::effective_rank::effective_rank;
use crate::error::Result;

/// Steps between two checks at most; a short run is checked four times.
const EVERY: u64 = 50;
/// The least effective rank of a representation that has not collapsed.
const LEAST: f64 = 2.0;

/// Checks the rank of a batch's embeddings now and then. Two low ranks in a row are a collapse; one may be a bad batch.
pub(super) struct CollapseDetector {
    width: usize,
    every: u64,
    low: u32,
}

/// The result of a check.
pub(super) struct RankCheck {
    /// The effective rank of the batch's embeddings.
    pub rank: f64,
    /// Whether it has been too low twice in a row.
    pub collapsed: bool,
}

impl CollapseDetector {
    /// Embeddings of 3 or fewer dimensions, or of 3 or fewer numbers, have low rank by nature and are not watched.
    /// `low` is how many low ranks in a row came before.
    pub(super) fn new(width: usize, numbers: usize, allowed: bool, total_steps: u64, low: u32) -> Option<Self> {
        (!allowed && width.min(numbers) > 3).then_some(Self { width, every: (total_steps / 4).clamp(1, EVERY), low })
    }

    /// Low ranks in a row, for the checkpoint.
    pub(super) fn low(&self) -> u32 {
        self.low
    }

    /// Whether the embeddings of this step are to be checked.
    pub(super) fn is_due(&self, step: u64) -> bool {
        step % self.every == self.every - 1
    }

    /// Checks the embeddings of a batch.
    pub(super) fn check(&mut self, embeddings: &[f32]) -> Result<RankCheck> {
        let rank = effective_rank(embeddings, self.width)?;
        self.low = if rank < LEAST { self.low + 1 } else { 0 };
        Ok(RankCheck { rank, collapsed: self.low >= 2 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_run_is_watched_too_and_two_low_ranks_are_a_collapse() {
        let mut detector = CollapseDetector::new(4, 9, false, 8, 0).unwrap();
        assert!(CollapseDetector::new(4, 2, false, 8, 0).is_none());
        assert_eq!((0..8).filter(|&step| detector.is_due(step)).collect::<Vec<_>>(), [1, 3, 5, 7]);
        let line: Vec<f32> = (0..10).flat_map(|row| [row as f32, 0.0, 0.0, 0.0]).collect();
        let cross: Vec<f32> =
            (0..12).flat_map(|row| (0..4).map(move |k| if row % 4 == k { 1.0 } else { 0.0 })).collect();
        let mut collapsed = |embeddings: &[f32]| detector.check(embeddings).unwrap().collapsed;
        assert_eq!([&line, &cross, &line, &line].map(|embeddings| collapsed(embeddings)), [false, false, false, true]);
    }
}
