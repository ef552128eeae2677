//! Scored candidates: the pairs that a pipeline looks at, each with the probability that it is related.

use relata_data::index::TrainingRow;

/// Candidate pairs of training rows as a pair model sees them in a round.
#[derive(Debug, Clone, Default)]
pub struct ScoredCandidates {
    /// Each pair, the smaller row first, and the probability that both are related.
    pub pairs: Vec<((TrainingRow, TrainingRow), f32)>,
    /// The pairs that the model would ask about, most worth asking first: uncertain ones, ones that its parts disagree
    /// about, and some at random.
    pub ranked: Vec<(TrainingRow, TrainingRow)>,
}
