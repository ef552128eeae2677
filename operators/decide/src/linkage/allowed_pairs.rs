//! All pairs of rows that could be the same entity: how many there are, how often they agree by chance, a sample of
//! them.

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::value_column::{NULL, ValueColumn};

/// The most random pairs.
const RANDOM_PAIRS: usize = 200_000;

/// So many pairs are drawn at most, of which some are not allowed: with one large source and a tiny one, most.
const DRAWS: usize = 20 * RANDOM_PAIRS;

/// The rows whose pairs are allowed.
#[derive(Debug, Clone, Copy)]
pub(super) struct AllowedPairs<'a> {
    pub rows: usize,
    /// The source of each row, if only pairs across sources are allowed.
    pub across: Option<&'a [u32]>,
}

impl AllowedPairs<'_> {
    /// How many pairs there are.
    pub(super) fn count(&self) -> f64 {
        self.pairs_of(|row| Some(u64::from(row)).map(|_| 0))
    }

    /// Of how many pairs both rows have a value.
    pub(super) fn filled(&self, column: &ValueColumn) -> f64 {
        self.pairs_of(|row| (column.of_row[row as usize] != NULL).then_some(0))
    }

    /// How many pairs have equal values.
    pub(super) fn equal(&self, column: &ValueColumn) -> f64 {
        self.pairs_of(|row| Some(column.of_row[row as usize]).filter(|&value| value != NULL).map(u64::from))
    }

    /// The number of allowed pairs of rows in one group: half the sum over groups of `size^2`, less that over the
    /// groups within one source (or less the rows themselves).
    fn pairs_of(&self, group: impl Fn(u32) -> Option<u64>) -> f64 {
        let source = |row: u32| self.across.map_or(row, |sources| sources[row as usize]);
        let keyed = (0..self.rows as u32).filter_map(|row| Some((group(row)?, source(row))));
        let mut keyed: Vec<(u64, u32)> = keyed.collect();
        keyed.sort_unstable();
        let square = |part: &[(u64, u32)]| (part.len() as f64).powi(2);
        let groups: f64 = keyed.chunk_by(|a, b| a.0 == b.0).map(square).sum();
        let within: f64 = keyed.chunk_by(|a, b| a == b).map(square).sum();
        (groups - within) / 2.0
    }

    /// Random allowed pairs, (a, b) with a < b: all of them if there are few, else draws with replacement.
    pub(super) fn sample(&self, seed: u64) -> Vec<(u32, u32)> {
        let allowed =
            |(a, b): (u32, u32)| a != b && self.across.is_none_or(|sources| sources[a as usize] != sources[b as usize]);
        let rows = self.rows as u32;
        let all = self.rows as f64 * (self.rows as f64 - 1.0) / 2.0;
        if all <= DRAWS as f64 && self.count() <= RANDOM_PAIRS as f64 {
            return (0..rows).flat_map(|a| (a + 1..rows).map(move |b| (a, b))).filter(|&pair| allowed(pair)).collect();
        }
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut draw = || {
            let (a, b) = (rng.random_range(0..rows), rng.random_range(0..rows));
            (a.min(b), a.max(b))
        };
        (0..DRAWS).map(|_| draw()).filter(|&pair| allowed(pair)).take(RANDOM_PAIRS).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::value_column::Words;
    use super::*;

    #[test]
    fn counts_are_those_of_the_pairs() {
        let values = ["x", "y", "x", "", "x", "y"].map(|value| Some(value.to_owned()));
        let column = ValueColumn::new("c", &values, &mut Words::default());
        let sources = [0, 0, 1, 1, 1, 2];
        for across in [None, Some(sources.as_slice())] {
            let allowed = AllowedPairs { rows: 6, across };
            let pairs = allowed.sample(0);
            let both = |&&pair: &&(u32, u32)| column.both(pair).is_some();
            let equal = |&&pair: &&(u32, u32)| column.both(pair).is_some_and(|(a, b)| a == b);
            assert_eq!(allowed.count(), pairs.len() as f64);
            assert_eq!(allowed.filled(&column), pairs.iter().filter(both).count() as f64);
            assert_eq!(allowed.equal(&column), pairs.iter().filter(equal).count() as f64);
        }
        assert_eq!(AllowedPairs { rows: 3000, across: None }.sample(1).len(), RANDOM_PAIRS);
        assert!(AllowedPairs { rows: 0, across: None }.sample(1).is_empty());
    }
}
