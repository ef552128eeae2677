//! Watches for a representation that collapses.

use crate::Result;
use crate::spectrum::effective_rank;

/// Steps between two looks.
const EVERY: u64 = 50;
/// The least effective rank.
const LEAST: f64 = 2.0;

/// Looks at the batch's embeddings now and then; two low ranks in a row are a collapse, one may be a bad batch.
pub(super) struct CollapseGuard {
    width: usize,
    low: u32,
}

impl CollapseGuard {
    /// Embeddings of 3 or fewer dimensions have low rank by nature and are not watched.
    /// `low` is how many low ranks in a row came before.
    pub(super) fn new(width: usize, allowed: bool, low: u32) -> Option<Self> {
        (!allowed && width > 3).then_some(Self { width, low })
    }

    /// Low ranks in a row, for the checkpoint.
    pub(super) fn low(&self) -> u32 {
        self.low
    }

    /// Whether the guard wants to see the embeddings after this many steps.
    pub(super) fn looks_at(&self, step: u64) -> bool {
        step % EVERY == EVERY - 1
    }

    /// The rank, if it has been low twice in a row.
    pub(super) fn collapsed(&mut self, embeddings: &[f32]) -> Result<Option<f64>> {
        let rank = effective_rank(embeddings, self.width)?;
        self.low = if rank < LEAST { self.low + 1 } else { 0 };
        Ok((self.low >= 2).then_some(rank))
    }
}
