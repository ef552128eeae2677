//! Doubts: constraints that are worth a second question.

use relata_data::index::TrainingRow;

/// Why a constraint is doubted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DoubtKind {
    /// Its "yes" alone holds two big sides of a component together.
    Bridge,
    /// It is a side of a contradiction: the weakest link of the chain, or the pair that the answer was about.
    WeakestLink,
}

/// A constraint that should be asked about once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Doubt {
    /// The constraint.
    pub number: u64,
    /// Its pair's smaller row.
    pub a: TrainingRow,
    /// Its pair's larger row.
    pub b: TrainingRow,
    /// Why.
    pub kind: DoubtKind,
}
