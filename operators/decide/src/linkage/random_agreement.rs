//! How often two random records agree at each level: the `u` probabilities of Fellegi and Sunter (1969).

use super::allowed_pairs::AllowedPairs;
use super::compared_pairs::ComparedColumn;
use super::comparison::{EQUAL, LEVELS, NO_LEVEL};
use super::value_column::{ValueColumn, Words};

/// Each level counts as seen in at least so many random pairs.
const LEAST_PAIRS: f64 = 0.5;

/// Random records differ at least once in so many pairs.
const MOST_EQUAL: f64 = 0.999;

/// What is known of the agreement of random pairs in a column.
#[derive(Debug)]
struct Column {
    /// Of random pairs that are no candidates: how many are of each level.
    counts: [f64; LEVELS],
    /// The candidates among the random pairs, with their levels.
    candidates: Vec<(u32, u8)>,
    /// Over all allowed pairs, not only random ones: how many are equal, and of how many both rows have a value.
    equal: f64,
    filled: f64,
}

/// The agreement of random pairs, column by column.
#[derive(Debug)]
pub(super) struct RandomAgreement {
    columns: Vec<Column>,
}

impl RandomAgreement {
    /// Compares random pairs; candidates are sorted.
    pub(super) fn new(
        columns: &[ValueColumn],
        words: &Words,
        allowed: &AllowedPairs<'_>,
        random: &[(u32, u32)],
        candidates: &[(u32, u32)],
    ) -> Self {
        let which: Vec<Option<usize>> = random.iter().map(|pair| candidates.binary_search(pair).ok()).collect();
        let column = |column: &ValueColumn| {
            let compared = ComparedColumn::new(column, words, random);
            let (mut counts, mut seen) = ([0.0; LEVELS], Vec::new());
            for (at, candidate) in which.iter().enumerate() {
                match (compared.level(at), candidate) {
                    (NO_LEVEL, _) => {}
                    (level, Some(candidate)) => seen.push((*candidate as u32, level)),
                    (level, None) => counts[usize::from(level)] += 1.0,
                }
            }
            Column { counts, candidates: seen, equal: allowed.equal(column), filled: allowed.filled(column) }
        };
        Self { columns: columns.iter().map(column).collect() }
    }

    /// The probabilities of the levels among pairs that do not match, when `matching` says with which probability each
    /// candidate does, and `equal_matches` pairs with equal values do. That of equal values is exact: from all allowed
    /// pairs less the matches; the other levels are estimated from random pairs.
    pub(super) fn probabilities(&self, column: usize, matching: &[f64], equal_matches: f64) -> [f64; LEVELS] {
        let Column { counts, candidates, equal, filled } = &self.columns[column];
        let mut found = *counts;
        for &(candidate, level) in candidates {
            found[usize::from(level)] += 1.0 - matching[candidate as usize];
        }
        found[usize::from(EQUAL)] = 0.0;
        let equal = ((equal - equal_matches).max(LEAST_PAIRS) / filled.max(1.0)).min(MOST_EQUAL);
        found.iter_mut().for_each(|level| *level = level.max(LEAST_PAIRS));
        let others: f64 = found[..usize::from(EQUAL)].iter().sum();
        found.iter_mut().for_each(|level| *level *= (1.0 - equal) / others);
        found[usize::from(EQUAL)] = equal;
        found
    }
}
