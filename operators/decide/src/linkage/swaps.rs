//! Swapped values: the first name in the column of the last name, and the other way round.

use rayon::prelude::*;

use super::compared_pairs::ComparedColumn;
use super::comparison::{Comparison, EQUAL, level};
use super::value_column::{ValueColumn, Words};

/// Values that are at least this similar to the ones of their own column are not looked for elsewhere.
const OWN: f32 = 0.6;

/// Both crossed comparisons have to reach this similarity.
const CROSSED: f32 = 0.75;

/// What a swap adds to the log-odds of a pair: how rare swaps are among records of one entity. Without, swaps by chance
/// (a person whose first name is another one's last name) would count as matches.
pub(super) const SWAP_LOG_ODDS: f64 = -3.912_023_005_428_146; // ln 0.02

/// Two columns of a pair whose values are swapped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Swap {
    pub pair: u32,
    pub column: u32,
    /// The smaller one of both crossed similarities.
    pub similarity: f32,
}

/// All swaps, by pair and column, each column of a pair at most once.
#[derive(Debug, Default)]
pub(super) struct Swaps {
    found: Vec<Swap>,
}

impl Swaps {
    /// Looks for pairs of which two text columns agree crosswise but not straight.
    pub(super) fn find(
        columns: &[ValueColumn],
        words: &Words,
        compared: &[ComparedColumn],
        pairs: &[(u32, u32)],
    ) -> Self {
        let text: Vec<usize> = (0..columns.len()).filter(|&column| columns[column].is_text()).collect();
        let of_pair = |at: usize| {
            let low = |&x: &usize| compared[x].get(at).is_some_and(|found| found.similarity < OWN);
            let low: Vec<usize> = text.iter().copied().filter(low).collect();
            let mut found: Vec<Swap> = Vec::new();
            for (nth, &x) in low.iter().enumerate() {
                for &y in &low[nth + 1..] {
                    let Some(similarity) = crossed(&columns[x], &columns[y], words, pairs[at]) else { continue };
                    for column in [x, y] {
                        match found.iter_mut().find(|swap| swap.column == column as u32) {
                            Some(swap) => swap.similarity = swap.similarity.max(similarity),
                            None => found.push(Swap { pair: at as u32, column: column as u32, similarity }),
                        }
                    }
                }
            }
            found.sort_unstable_by_key(|swap| swap.column);
            found
        };
        let found = if text.len() < 2 {
            Vec::new()
        } else {
            (0..pairs.len()).into_par_iter().with_min_len(1024).flat_map_iter(of_pair).collect()
        };
        Self { found }
    }

    /// All of them, by pair.
    pub(super) fn all(&self) -> &[Swap] {
        &self.found
    }

    /// Those of a pair.
    pub(super) fn of(&self, pair: usize) -> &[Swap] {
        let start = self.found.partition_point(|swap| (swap.pair as usize) < pair);
        let end = self.found.partition_point(|swap| (swap.pair as usize) <= pair);
        &self.found[start..end]
    }
}

impl Swap {
    /// The level that the swap amounts to; swapped values are never equal ones.
    pub(super) fn level(&self) -> u8 {
        level(f64::from(self.similarity)).min(EQUAL - 1)
    }
}

/// The similarity of the values of two columns, compared crosswise; nothing if it is too low.
fn crossed(x: &ValueColumn, y: &ValueColumn, words: &Words, pair: (u32, u32)) -> Option<f32> {
    let ((x_a, x_b), (y_a, y_b)) = (x.both(pair)?, y.both(pair)?);
    let [x_a, x_b] = [x_a, x_b].map(|value| &x.values[value as usize]);
    let [y_a, y_b] = [y_a, y_b].map(|value| &y.values[value as usize]);
    let first = Comparison::of(x, words, x_a, y_b).similarity;
    if first < CROSSED {
        return None;
    }
    let second = Comparison::of(y, words, y_a, x_b).similarity;
    (second >= CROSSED).then_some(first.min(second))
}
