//! Validation pairs: they are asked about only to see how well relations are predicted.

use std::collections::BTreeMap;

use relata_data::index::TrainingRow;

use crate::ledger::LedgerEntry;

/// The answers about validation pairs (smaller row first). Nothing follows from them.
#[derive(Debug, Default)]
pub(super) struct Validation {
    /// By sequence number in the ledger.
    said: BTreeMap<(TrainingRow, TrainingRow), BTreeMap<u64, Option<bool>>>,
}

impl Validation {
    /// Takes in a row about the pair `(a, b)`.
    pub fn add(&mut self, row: &LedgerEntry, (a, b): (TrainingRow, TrainingRow)) {
        let said = self.said.entry((a.min(b), a.max(b))).or_default();
        match row.undoes {
            Some(undone) => said.remove(&undone),
            None => said.insert(row.sequence, row.answer.related),
        };
    }

    /// Whether a pair is one of them.
    pub fn has(&self, a: TrainingRow, b: TrainingRow) -> bool {
        self.said.contains_key(&(a.min(b), a.max(b)))
    }

    /// Of how many pairs the relation is predicted as most annotators say, and of how many they say it at all.
    pub fn score(&self, predict: impl Fn(TrainingRow, TrainingRow) -> bool) -> (u64, u64) {
        let mut score = (0, 0);
        for (&(a, b), said) in &self.said {
            let sum: i64 = said.values().flatten().map(|&related| if related { 1 } else { -1 }).sum();
            if sum != 0 {
                score.0 += u64::from(predict(a, b) == (sum > 0));
                score.1 += 1;
            }
        }
        score
    }
}
