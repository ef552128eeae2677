//! Blocks: rows that share a word that few have, or two words that many have.

use rayon::prelude::*;

use super::row_words::RowWords;

/// Rows of a block at most.
const LARGEST: u32 = 100;
/// Frequent words of a row that count in twos: the rarest ones.
const FREQUENT: usize = 6;
/// Rows that are passed for each that is wanted, at most: those of other blocks again, or of the wrong source.
const LOOKED_AT: usize = 10;

/// Which rows are in which blocks.
pub(super) struct Blocks {
    /// By block: where its rows begin in `rows`; one more than there are blocks. Smaller blocks come first.
    starts: Vec<usize>,
    rows: Vec<u32>,
    /// By row: where its blocks begin in `of_rows`; one more than there are rows.
    row_starts: Vec<usize>,
    /// The blocks of each row, ascending.
    of_rows: Vec<u32>,
    /// By block: its key.
    keys: Vec<u64>,
}

impl Blocks {
    /// The blocks of at least `least` rows, which is 2 unless a record that comes later may be the second one.
    pub(super) fn of(words: &RowWords, least: usize) -> Self {
        let of_row = |row: u32| keys_of(words, words.of_row(row)).into_iter().map(move |key| (key, row));
        let mut keys: Vec<(u64, u32)> = (0..words.rows() as u32).into_par_iter().flat_map_iter(of_row).collect();
        keys.par_sort_unstable();
        let is_block = |same: &&[(u64, u32)]| (least..=LARGEST as usize).contains(&same.len());
        let mut blocks: Vec<&[(u64, u32)]> = keys.chunk_by(|a, b| a.0 == b.0).filter(is_block).collect();
        blocks.par_sort_unstable_by_key(|block| (block.len(), block[0].0));
        let starts = running_sum(blocks.iter().map(|block| block.len()));
        let rows: Vec<u32> = blocks.iter().flat_map(|block| block.iter().map(|&(_, row)| row)).collect();
        let block_keys = blocks.iter().map(|block| block[0].0).collect();
        drop(blocks);
        drop(keys);
        let mut counts = vec![0; words.rows()];
        rows.iter().for_each(|&row| counts[row as usize] += 1);
        let row_starts = running_sum(counts.into_iter());
        let (mut next, mut of_rows) = (row_starts.clone(), vec![0; rows.len()]);
        for block in 0..starts.len() - 1 {
            for &row in &rows[starts[block]..starts[block + 1]] {
                of_rows[next[row as usize]] = block as u32;
                next[row as usize] += 1;
            }
        }
        Self { starts, rows, row_starts, of_rows, keys: block_keys }
    }

    /// The other rows of the blocks of a row that are `allowed`, each once and ascending, smaller blocks first until there are
    /// `most`.
    pub(super) fn rows_beside(&self, row: u32, most: usize, allowed: impl Fn(u32) -> bool) -> Vec<u32> {
        let blocks = &self.of_rows[self.row_starts[row as usize]..self.row_starts[row as usize + 1]];
        self.rows_of(blocks, most, |other| other != row && allowed(other))
    }

    /// The same blocks, without those of each row.
    pub(super) fn without_rows(self) -> Self {
        Self { row_starts: vec![], of_rows: vec![], ..self }
    }

    /// By block: its key.
    pub(super) fn keys(&self) -> &[u64] {
        &self.keys
    }

    /// The rows of some blocks that are `allowed`, each once and ascending, earlier blocks first until there are `most`.
    pub(super) fn rows_of(&self, blocks: &[u32], most: usize, allowed: impl Fn(u32) -> bool) -> Vec<u32> {
        let (mut found, mut looked_at) = (Vec::new(), 0);
        for &block in blocks {
            if found.len() >= most || looked_at >= LOOKED_AT * most {
                break;
            }
            let rows = &self.rows[self.starts[block as usize]..self.starts[block as usize + 1]];
            looked_at += rows.len();
            found.extend(rows.iter().copied().filter(|&other| allowed(other)));
            found.sort_unstable();
            found.dedup();
        }
        found
    }
}

/// The keys of the blocks of a row, or a record, of these words, ascending: words that few rows have, and twos of frequent
/// ones.
pub(super) fn keys_of(words: &RowWords, of_row: &[u32]) -> Vec<u64> {
    let count = |word: &u32| words.counts()[*word as usize];
    // Ascending counts.
    let few = of_row.partition_point(|word| count(word) <= LARGEST);
    let single = of_row[..few].iter().filter(|word| count(word) > 1).map(|&word| u64::from(word));
    let frequent = &of_row[few..of_row.len().min(few + FREQUENT)];
    // Above all single words, since the second of two words is not the first of all.
    let twos = frequent.iter().enumerate().flat_map(|(at, &first)| {
        frequent[at + 1..].iter().map(move |&second| (u64::from(second) << 32) | u64::from(first))
    });
    single.chain(twos).collect()
}

/// 0, and the sum up to each count.
fn running_sum(counts: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut sums = vec![0];
    let mut sum = 0;
    sums.extend(counts.map(|count| {
        sum += count;
        sum
    }));
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::linkage::RecordColumn;

    #[test]
    fn frequent_words_meet_in_twos() {
        // Every value is frequent; rows 0 and 1001 share all three of them, others at most one or two.
        let value = |row: usize, of: usize| Some(format!("{of}w{}", row % of));
        let columns: Vec<RecordColumn> = [7, 11, 13]
            .map(|of| RecordColumn { name: of.to_string(), values: (0..1500).map(|row| value(row, of)).collect() })
            .to_vec();
        let words = RowWords::of(&columns, 1500);
        assert!(words.counts().iter().all(|&count| count > LARGEST));
        let blocks = Blocks::of(&words, 2);
        let beside = |most: usize, of: u32| blocks.rows_beside(0, most, |row| row % of == 0);
        assert!(beside(400, 1).contains(&1001) && !beside(400, 1).contains(&0), "{:?}", beside(400, 1));
        assert!(beside(1, 1).len() <= LARGEST as usize && beside(0, 1).is_empty());
        assert!(beside(400, 7).iter().all(|row| row % 7 == 0) && beside(400, 7).contains(&1001));
    }
}
