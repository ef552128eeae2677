//! Contradictions: an answer that says the opposite of what followed from the answers before it.

use relata_data::index::TrainingRow;

use super::must_link_cannot_link::Relation;

/// An answer that said the opposite of what followed from the answers before it.
#[derive(Debug, Clone, PartialEq)]
pub struct Contradiction {
    /// The answer's constraint.
    pub number: u64,
    /// Its first row.
    pub a: TrainingRow,
    /// Its second row.
    pub b: TrainingRow,
    /// What it said.
    pub said: bool,
    /// The constraints that implied the opposite, in order from `a` to `b`.
    pub chain: Vec<u64>,
    /// What was known about the pair after the policy had decided.
    pub kept: Option<Relation>,
    /// The weight of the side that was kept: the pair's own, or that of the chain's weakest link.
    pub weight: f32,
}
