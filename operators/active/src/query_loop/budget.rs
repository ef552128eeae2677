//! Budget: what is left of it, and how many questions it pays for.

use relata_oracle::{Cost, Question};

use super::active_loop::QueryLoop;
use crate::error::Result;
use crate::strategy::Query;

/// Costs are kept in single precision: ten answers at 0.1 sum up to a little more than 1.
const ROUNDING: f64 = 1e-7;

impl QueryLoop<'_> {
    /// Whether the next question costs more than is left.
    pub(super) fn is_spent(&self, cost: Cost) -> Result<bool> {
        Ok(cost.of(1) > self.left()?)
    }

    fn left(&self) -> Result<f64> {
        Ok(self.config.plan.budget * (1.0 + ROUNDING) - self.ledger.spent()?)
    }

    /// As many of the questions, the first ones first, as there is budget for.
    pub(super) fn afford(&self, queries: Vec<(String, Query)>, round: u32, cost: Cost) -> Result<Vec<Question>> {
        let (mut left, first) = (self.left()?, self.ledger.next_question()?);
        let mut questions = Vec::new();
        for (strategy, mut query) in queries {
            while !query.candidates.is_empty() && cost.of(query.candidates.len()) > left {
                query.candidates.pop();
            }
            if query.candidates.is_empty() {
                break;
            }
            left -= cost.of(query.candidates.len());
            questions.push(Question {
                question: first + questions.len() as u64,
                round,
                anchor: self.ids[query.anchor.index()],
                candidates: query.candidates.iter().map(|&row| self.ids[row.index()]).collect(),
                strategy,
                priority: query.priority,
            });
        }
        Ok(questions)
    }
}
