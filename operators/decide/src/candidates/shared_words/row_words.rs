//! Words of rows, as numbers in the order of how rare they are.

use rayon::prelude::*;
use twox_hash::XxHash64;

use crate::comparator::tokens;
use crate::linkage::RecordColumn;

/// Letters of a word's beginning and end that count beside it, of words that are longer by two.
const PART: usize = 4;

/// The seeds of hashes: of words wherever they stand, of their beginnings and of their ends. Numbers have one by column.
const ANYWHERE: u64 = 0;
const BEGINNING: u64 = 1;
const END: u64 = 2;
const NUMBER: u64 = 3;

/// The different words of each row.
pub(super) struct RowWords {
    /// By row: where its words begin; one more than there are rows.
    starts: Vec<usize>,
    /// The words of all rows, those of a row ascending: the rarest first.
    words: Vec<u32>,
    /// By word: rows that have it, ascending.
    counts: Vec<u32>,
    /// By word: how much it says, `ln(1 + rows / rows with it)`.
    weights: Vec<f64>,
    /// The hashes of all words, ascending, each with its word.
    hashes: Vec<(u64, u32)>,
}

/// The words of a record that is no row.
pub(super) struct RecordWords {
    /// Those that rows have, ascending.
    pub known: Vec<u32>,
    /// The weight of those that no row has.
    unknown: f64,
}

impl RowWords {
    /// The words of all columns of `rows` rows.
    pub(super) fn of(columns: &[RecordColumn], rows: usize) -> Self {
        let values = |row: usize| columns.iter().map(move |column| column.values[row].as_deref());
        let hashes: Vec<Vec<u64>> = (0..rows).into_par_iter().map(|row| hashes_of(values(row))).collect();
        let starts: Vec<usize> = std::iter::once(0)
            .chain(hashes.iter().scan(0, |end, of_row| {
                *end += of_row.len();
                Some(*end)
            }))
            .collect();
        let mut all: Vec<u64> = hashes.iter().flatten().copied().collect();
        all.par_sort_unstable();
        let counted: Vec<(u64, u32)> = all.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as u32)).collect();
        drop(all);
        let mut order: Vec<u32> = (0..counted.len() as u32).collect();
        order.par_sort_unstable_by_key(|&at| (counted[at as usize].1, counted[at as usize].0));
        let counts: Vec<u32> = order.iter().map(|&at| counted[at as usize].1).collect();
        let weights = counts.iter().map(|&count| (1.0 + rows as f64 / f64::from(count)).ln()).collect();
        let mut numbers = vec![0; order.len()];
        order.iter().zip(0u32..).for_each(|(&at, number)| numbers[at as usize] = number);
        let known: Vec<(u64, u32)> = counted.iter().zip(numbers).map(|(&(hash, _), number)| (hash, number)).collect();
        drop((counted, order));
        let number = |hash: &u64| known.binary_search_by_key(hash, |known| known.0).ok().map(|at| known[at].1);
        let sorted = |of_row: &Vec<u64>| {
            let mut words: Vec<u32> = of_row.iter().filter_map(number).collect();
            words.sort_unstable();
            words
        };
        let words: Vec<Vec<u32>> = hashes.par_iter().map(sorted).collect();
        Self { starts, words: words.into_iter().flatten().collect(), counts, weights, hashes: known }
    }

    /// The words of a record, whose values are in the order of the columns.
    pub(super) fn of_record(&self, values: &[Option<String>]) -> RecordWords {
        let hashes = hashes_of(values.iter().map(Option::as_deref));
        let number = |hash: &u64| self.hashes.binary_search_by_key(hash, |known| known.0).ok();
        let mut known: Vec<u32> = hashes.iter().filter_map(number).map(|at| self.hashes[at].1).collect();
        known.sort_unstable();
        let unknown = (hashes.len() - known.len()) as f64 * (1.0 + self.rows() as f64).ln();
        RecordWords { known, unknown }
    }

    pub(super) fn rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// The words of a row, the rarest first.
    pub(super) fn of_row(&self, row: u32) -> &[u32] {
        &self.words[self.starts[row as usize]..self.starts[row as usize + 1]]
    }

    /// By word: rows that have it, ascending.
    pub(super) fn counts(&self) -> &[u32] {
        &self.counts
    }

    fn weight(&self, word: u32) -> f64 {
        self.weights[word as usize]
    }

    /// The weight of the common words of two rows by that of all their words, in [0, 1].
    pub(super) fn overlap(&self, a: u32, b: u32) -> f64 {
        self.overlap_of(self.of_row(a), 0.0, b)
    }

    /// The same of a record and a row.
    pub(super) fn overlap_with(&self, record: &RecordWords, row: u32) -> f64 {
        self.overlap_of(&record.known, record.unknown, row)
    }

    fn overlap_of(&self, mut a: &[u32], unknown: f64, b: u32) -> f64 {
        let mut b = self.of_row(b);
        let (mut common, mut all) = (0.0, unknown);
        while let (Some(&x), Some(&y)) = (a.first(), b.first()) {
            let word = x.min(y);
            let weight = self.weight(word);
            all += weight;
            common += if x == y { weight } else { 0.0 };
            a = &a[usize::from(x == word)..];
            b = &b[usize::from(y == word)..];
        }
        all += a.iter().chain(b).map(|&word| self.weight(word)).sum::<f64>();
        if all > 0.0 { common / all } else { 0.0 }
    }
}

/// The hashes of the words of a row's values, each once.
fn hashes_of<'a>(values: impl Iterator<Item = Option<&'a str>>) -> Vec<u64> {
    let mut found = Vec::new();
    for (value, at) in values.zip(0u64..) {
        let Some(value) = value else { continue };
        for word in tokens(value) {
            if !word.contains(char::is_alphabetic) {
                found.push(XxHash64::oneshot(NUMBER + at, word.as_bytes()));
                continue;
            }
            found.push(XxHash64::oneshot(ANYWHERE, word.as_bytes()));
            let letters = word.chars().count();
            if letters >= PART + 2 {
                let at = |letter: usize| word.char_indices().nth(letter).map_or(word.len(), |(at, _)| at);
                found.push(XxHash64::oneshot(BEGINNING, &word.as_bytes()[..at(PART)]));
                found.push(XxHash64::oneshot(END, &word.as_bytes()[at(letters - PART)..]));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(values: &[&str]) -> RecordColumn {
        let value = |&value: &&str| (!value.is_empty()).then(|| value.to_owned());
        RecordColumn { name: "a".to_owned(), values: values.iter().map(value).collect() }
    }

    #[test]
    fn rare_words_come_first_and_weigh_more() {
        let words = RowWords::of(&[column(&["anna rome", "anna oslo", "anna rome", ""])], 4);
        let counts: Vec<u32> = words.of_row(1).iter().map(|&word| words.counts()[word as usize]).collect();
        assert_eq!((counts, words.of_row(3).len()), (vec![1, 3], 0));
        assert_eq!(words.overlap(0, 2), 1.0);
        let (oslo, rome, anna) = (5f64.ln(), 3f64.ln(), (1.0f64 + 4.0 / 3.0).ln());
        assert!((words.overlap(0, 1) - anna / (oslo + rome + anna)).abs() < 1e-12);
        assert_eq!(words.overlap(3, 3), 0.0);
        let record = |value: &str| words.of_record(&[Some(value.to_owned())]);
        assert_eq!(words.overlap_with(&record("rome anna"), 2), 1.0);
        let (same, lima) = (words.overlap_with(&record("anna lima"), 1), 5f64.ln());
        assert!((same - anna / (oslo + lima + anna)).abs() < 1e-12);
    }

    #[test]
    fn a_typing_error_and_a_swap_leave_something() {
        let words = RowWords::of(&[column(&["katherine", "kathxrine", "1 2"]), column(&["ümit", "", "ümit 1"])], 3);
        assert!(words.overlap(0, 1) > 0.2);
        // Numbers count by their column.
        assert!(words.overlap(0, 2) > 0.0 && words.of_row(2).len() == 4);
    }
}
