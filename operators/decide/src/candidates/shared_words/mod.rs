//! Shared words (token blocking): rows that have most words in common, and the rarest ones.

mod blocks;
mod row_words;
mod word_index;

use rayon::prelude::*;
use relata_data::index::Row;
use serde::{Deserialize, Serialize};

use self::blocks::Blocks;
use self::row_words::RowWords;
use super::{CandidateContext, CandidatePairs};

pub use self::word_index::WordIndex;

/// Rows that are looked at for one row, beyond which no further block is.
const MOST_LOOKED_AT: usize = 400;

/// Rows of a block at least.
const LEAST_ROWS: usize = 2;

/// See [`shared_words`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SharedWords {
    k: usize,
}

/// A candidate rule: each row with the `k` rows that share most of its words, weighted by how rare they are (token
/// blocking; Papadakis et al. 2020). It reads the columns of a table that are features, needs no training, and finds
/// what embeddings miss, as these find what it misses; samples that are no rows of a table have none.
///
/// Words are those of all columns, so that values in the wrong column meet; plain numbers meet in their column only. A
/// long word also counts by its beginning and its end, so that a typing error leaves something. Words that more than 100
/// rows share count in twos. The overlap is the weight of the common words by that of all words of both rows (Jaccard,
/// with inverse document frequencies). Work is bounded for each row, whatever the values are.
///
/// ```
/// use relata_decide::candidates::{CandidatesExt, shared_words};
/// use relata_oracle::nearest;
///
/// assert_eq!(nearest(10).or(shared_words(5)).names(), ["nearest", "shared_words"]);
/// ```
pub fn shared_words(k: usize) -> SharedWords {
    SharedWords { k }
}

impl SharedWords {
    /// How many rows a row is paired with.
    pub fn k(&self) -> usize {
        self.k
    }
}

/// Adds each row with the k rows that share most with it; of other sources only, where sources are linked.
pub(super) fn find(rule: SharedWords, context: &CandidateContext<'_>, number: u32, found: &mut CandidatePairs) {
    let words = RowWords::of(context.records, context.samples.ids.rows());
    let blocks = Blocks::of(&words, LEAST_ROWS);
    let near = |row: u32| -> Vec<u32> {
        let across = |other: u32| context.sources.is_none_or(|sources| sources.differ(Row(row), Row(other)));
        let others = blocks.rows_beside(row, MOST_LOOKED_AT, across);
        let scored = others.into_iter().map(|other| (words.overlap(row, other), other)).collect();
        most_alike(scored, rule.k).into_iter().map(|(_, other)| other).collect()
    };
    let near: Vec<Vec<u32>> = (0..words.rows() as u32).into_par_iter().map(near).collect();
    for (row, near) in (0..).zip(near) {
        near.into_iter().for_each(|other| found.add(number, Row(row), Row(other)));
    }
}

/// The `k` rows of the largest overlap, the largest first; of equal ones the first row.
fn most_alike(mut scored: Vec<(f64, u32)>, k: usize) -> Vec<(f64, u32)> {
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    scored.truncate(k);
    scored
}
