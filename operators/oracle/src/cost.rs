//! Cost of questions, in the units of the budget.

use serde::{Deserialize, Serialize};

/// What it costs to ask, in the units of the budget.
///
/// ```
/// use relata_oracle::Cost;
///
/// let cost = Cost { per_question: 3.0, per_candidate: 0.5 };
/// assert_eq!(cost.of(4), 5.0);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// For a question, however many candidates it has.
    pub per_question: f64,
    /// For each candidate.
    pub per_candidate: f64,
}

impl Default for Cost {
    /// A pair costs 1.
    fn default() -> Self {
        Self { per_question: 0.0, per_candidate: 1.0 }
    }
}

impl Cost {
    /// The cost of a question of so many candidates.
    pub fn of(&self, candidates: usize) -> f64 {
        self.per_question + self.per_candidate * candidates as f64
    }

    /// What so many annotators cost together.
    pub fn times(&self, annotators: usize) -> Self {
        let count = annotators as f64;
        Self { per_question: self.per_question * count, per_candidate: self.per_candidate * count }
    }

    /// A candidate's share of the cost of a question.
    pub fn of_each(&self, candidates: usize) -> f64 {
        self.of(candidates) / candidates.max(1) as f64
    }
}
