//! Clustering: from evidence to entities.

use super::evidence::Evidence;
use crate::error::Result;

/// A way to decide which rows are the same entity. Every one of them keeps must-links, cannot-links and the rule of one
/// row per source.
pub trait Clustering {
    /// For each row, the smallest row of its entity.
    fn entities(&self, evidence: &Evidence) -> Result<Vec<u32>>;
}
