//! Pairs of rows, compared column by column. Two values that meet in many pairs are compared once.

use rayon::prelude::*;

use super::comparison::{Comparison, NO_LEVEL};
use super::value_column::{ValueColumn, Words};

/// In place of the position of a comparison, where a value is missing.
const MISSING: u32 = u32::MAX;

/// The comparisons of a column.
#[derive(Debug)]
pub(super) struct ComparedColumn {
    /// By pair: the position of its comparison, or [`MISSING`].
    of_pair: Vec<u32>,
    /// The first one is that of equal values.
    comparisons: Vec<Comparison>,
}

impl ComparedColumn {
    /// Compares the values of all pairs, fewer than 2^32 - 1.
    pub(super) fn new(column: &ValueColumn, words: &Words, pairs: &[(u32, u32)]) -> Self {
        let mut of_pair = vec![MISSING; pairs.len()];
        let mut different: Vec<(u32, u32, u32)> = Vec::new();
        for (at, &pair) in pairs.iter().enumerate() {
            match column.both(pair) {
                Some((a, b)) if a == b => of_pair[at] = 0,
                Some((a, b)) => different.push((a.min(b), a.max(b), at as u32)),
                None => {}
            }
        }
        different.par_sort_unstable();
        let mut distinct: Vec<(u32, u32)> = Vec::new();
        for &(a, b, at) in &different {
            if distinct.last() != Some(&(a, b)) {
                distinct.push((a, b));
            }
            of_pair[at as usize] = distinct.len() as u32;
        }
        drop(different);
        let mut comparisons = vec![Comparison::OF_EQUALS; distinct.len() + 1];
        let compare = |(found, &(a, b)): (&mut Comparison, &(u32, u32))| {
            *found = Comparison::of(column, words, &column.values[a as usize], &column.values[b as usize]);
        };
        comparisons[1..].par_iter_mut().zip(&distinct).with_min_len(256).for_each(compare);
        Self { of_pair, comparisons }
    }

    /// The comparison of a pair; nothing if a value is missing.
    pub(super) fn get(&self, pair: usize) -> Option<&Comparison> {
        self.comparisons.get(self.of_pair[pair] as usize)
    }

    /// The level of a pair.
    pub(super) fn level(&self, pair: usize) -> u8 {
        self.get(pair).map_or(NO_LEVEL, |comparison| comparison.level)
    }

    /// The mean of a similarity over the pairs with both values, 0 without any.
    pub(super) fn mean(&self, of: impl Fn(&Comparison) -> f32) -> f64 {
        let known = (0..self.of_pair.len()).filter_map(|pair| self.get(pair));
        let (sum, count) = known.fold((0.0, 0.0), |(sum, count), found| (sum + f64::from(of(found)), count + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    }
}
