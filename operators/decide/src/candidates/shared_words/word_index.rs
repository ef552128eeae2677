//! Word index: the rows of a table by the words that they share with a record that is no row of it.

use std::fmt;

use super::blocks::{Blocks, keys_of};
use super::row_words::RowWords;
use super::{MOST_LOOKED_AT, most_alike};
use crate::linkage::RecordColumn;

/// The words of a table's rows, by which rows are found for records that come later, as
/// [`shared_words`](super::shared_words) finds them for each other.
///
/// ```
/// use relata_decide::candidates::WordIndex;
/// use relata_decide::linkage::RecordColumn;
///
/// let names = ["ann miller", "ann miler", "bob stone", "cy young"].map(|name| Some(name.to_owned()));
/// let index = WordIndex::new(&[RecordColumn { name: "name".into(), values: names.to_vec() }], 4);
/// assert_eq!(index.nearest(&[Some("Bob Ston".to_owned())], 2, |_| true), [2]);
/// assert_eq!(index.nearest(&[Some("ann young".to_owned())], 1, |row| row != 3), [1]);
/// ```
pub struct WordIndex {
    words: RowWords,
    /// By word of one row only, which come first: that row.
    only_rows: Vec<u32>,
    blocks: Blocks,
    /// The blocks in the order of their keys.
    by_key: Vec<u32>,
}

impl fmt::Debug for WordIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WordIndex({} rows)", self.words.rows())
    }
}

impl WordIndex {
    /// The words of all columns of `rows` rows.
    pub fn new(columns: &[RecordColumn], rows: usize) -> Self {
        let words = RowWords::of(columns, rows);
        let only = words.counts().partition_point(|&count| count == 1);
        let mut only_rows = vec![0; only];
        for row in 0..words.rows() as u32 {
            // Ascending words.
            let alone = words.of_row(row).iter().take_while(|word| (**word as usize) < only);
            alone.for_each(|&word| only_rows[word as usize] = row);
        }
        let blocks = Blocks::of(&words, 1).without_rows();
        let mut by_key: Vec<u32> = (0..blocks.keys().len() as u32).collect();
        by_key.sort_unstable_by_key(|&block| blocks.keys()[block as usize]);
        Self { words, only_rows, blocks, by_key }
    }

    /// The `k` rows that are `allowed` and share most with a record, whose values are in the order of the columns; the best
    /// first.
    pub fn nearest(&self, record: &[Option<String>], k: usize, allowed: impl Fn(u32) -> bool) -> Vec<u32> {
        let record = self.words.of_record(record);
        let block = |key: &u64| {
            let at = self.by_key.binary_search_by_key(key, |&block| self.blocks.keys()[block as usize]);
            at.ok().map(|at| self.by_key[at])
        };
        let mut blocks: Vec<u32> = keys_of(&self.words, &record.known).iter().filter_map(block).collect();
        blocks.sort_unstable();
        let alone = record.known.iter().map_while(|&word| self.only_rows.get(word as usize).copied());
        let mut rows: Vec<u32> = alone.filter(|&row| allowed(row)).collect();
        rows.extend(self.blocks.rows_of(&blocks, MOST_LOOKED_AT, &allowed));
        rows.sort_unstable();
        rows.dedup();
        let scored = rows.into_iter().map(|row| (self.words.overlap_with(&record, row), row)).collect();
        most_alike(scored, k).into_iter().map(|(_, row)| row).collect()
    }
}
