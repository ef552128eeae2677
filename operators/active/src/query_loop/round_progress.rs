//! Progress of a round: what its answers were worth.

use serde::{Deserialize, Serialize};

/// What a round of answers was worth.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct RoundProgress {
    /// Answers that were not passed.
    pub answers: u64,
    /// Those that were "yes".
    pub yes: u64,
    /// Those that the model predicted, before they were known.
    pub predicted: u64,
    /// Pairs asked about for the first time that were answered.
    #[serde(default)]
    pub judged: u64,
    /// Those whose relation followed from what was known before the round and the round's answers before them.
    pub implied: u64,
    /// Passed.
    pub passed: u64,
    /// Those that contradict what followed from the answers before them.
    pub contradictions: u64,
    /// Validation pairs whose relation is known.
    #[serde(default)]
    pub validation: u64,
    /// Those whose relation is predicted right after the round.
    #[serde(default)]
    pub validated: u64,
}
