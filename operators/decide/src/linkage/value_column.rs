//! A column as it is compared: its different values, each once, and how many rows have them.

use std::collections::HashMap;
use std::sync::Arc;

use rayon::prelude::*;

use super::column_kind::{ColumnKind, number};
use super::normal_value::normal_value;
use crate::comparator::tokens;

/// In place of the number of a value, where a row has none.
pub(super) const NULL: u32 = u32::MAX;

/// A value of a column, normalised.
#[derive(Debug, Clone)]
pub(super) struct Value {
    pub text: Box<str>,
    pub number: Option<f64>,
    /// Its different words, by their numbers in [`Words`].
    pub words: Box<[u32]>,
}

/// The words of all columns, numbered.
#[derive(Debug, Default)]
pub(super) struct Words {
    /// Words that are numbered already, by smaller numbers.
    base: Option<Arc<Words>>,
    texts: Vec<Box<str>>,
    numbers: HashMap<Box<str>, u32>,
}

impl Words {
    /// Further words after these.
    pub(super) fn after(base: Arc<Self>) -> Self {
        Self { base: Some(base), ..Self::default() }
    }

    fn len(&self) -> usize {
        self.base.as_ref().map_or(0, |base| base.len()) + self.texts.len()
    }

    fn find(&self, word: &str) -> Option<u32> {
        let before = || self.base.as_ref().and_then(|base| base.find(word));
        self.numbers.get(word).copied().or_else(before)
    }

    fn number(&mut self, word: &str) -> u32 {
        if let Some(number) = self.find(word) {
            return number;
        }
        let number = self.len() as u32;
        self.texts.push(word.into());
        self.numbers.insert(word.into(), number);
        number
    }

    pub(super) fn text(&self, word: u32) -> &str {
        let before = self.base.as_ref().map_or(0, |base| base.len());
        match &self.base {
            Some(base) if (word as usize) < before => base.text(word),
            _ => &self.texts[word as usize - before],
        }
    }
}

/// A column.
#[derive(Debug)]
pub(super) struct ValueColumn {
    pub name: String,
    pub kind: ColumnKind,
    /// By row: the number of its value, or [`NULL`].
    pub of_row: Vec<u32>,
    pub values: Vec<Value>,
    /// By value: how many rows have it.
    pub counts: Vec<u32>,
    /// How many rows have a value.
    pub filled: u64,
    /// By word: how much it says, `ln((1 + rows) / (0.5 + rows with it))`; 0 if no row has it.
    weights: Arc<[f64]>,
    /// The weight of a word that no row has.
    unknown_word: f64,
}

/// The weight of a word of another column, among all rows.
const UNKNOWN_WORD: f64 = 1.0;

impl ValueColumn {
    /// Normalises and numbers the values of a column, in the order of their first rows.
    pub(super) fn new(name: &str, column: &[Option<String>], words: &mut Words) -> Self {
        let normal: Vec<Option<String>> = column.par_iter().map(|value| normal_value(value.as_deref()?)).collect();
        let mut numbers: HashMap<&str, u32> = HashMap::new();
        let (mut texts, mut counts): (Vec<&str>, Vec<u32>) = (Vec::new(), Vec::new());
        let mut of_row = vec![NULL; normal.len()];
        for (row, text) in normal.iter().enumerate() {
            let Some(text) = text.as_deref() else { continue };
            let next = texts.len() as u32;
            let value = *numbers.entry(text).or_insert(next);
            if value == next {
                texts.push(text);
                counts.push(0);
            }
            counts[value as usize] += 1;
            of_row[row] = value;
        }
        let kind = ColumnKind::of(texts.iter().copied().zip(counts.iter().copied()));
        let split: Vec<Vec<String>> = match kind {
            ColumnKind::Text => texts.par_iter().map(|text| different_words(text)).collect(),
            ColumnKind::Number { .. } => vec![Vec::new(); texts.len()],
        };
        let value = |(&text, split): (&&str, &Vec<String>)| Value {
            text: text.into(),
            number: number(text),
            words: split.iter().map(|word| words.number(word)).collect(),
        };
        let values: Vec<_> = texts.iter().zip(&split).map(value).collect();
        let filled = counts.iter().map(|&count| u64::from(count)).sum();
        let weights = word_weights(&values, &counts, filled, words.len()).into();
        Self { name: name.to_owned(), kind, of_row, values, counts, filled, weights, unknown_word: UNKNOWN_WORD }
    }

    /// A new record, as row 0, and some rows after it, with frequencies and word weights among all rows. `place` finds the
    /// number of a value.
    pub(super) fn beside(
        &self,
        value: Option<&str>,
        rows: &[u32],
        words: &mut Words,
        place: impl Fn(&str) -> Option<u32>,
    ) -> Self {
        let mut beside = Self {
            name: self.name.clone(),
            kind: self.kind,
            of_row: Vec::with_capacity(rows.len() + 1),
            values: Vec::new(),
            counts: Vec::new(),
            filled: self.filled,
            weights: self.weights.clone(),
            // As much as that of a word of one row.
            unknown_word: weight(self.filled, 1),
        };
        let mut numbers: HashMap<u32, u32> = HashMap::new();
        match value.and_then(normal_value) {
            None => beside.of_row.push(NULL),
            Some(text) => {
                let known = place(&text);
                let split = if self.is_text() { different_words(&text) } else { vec![] };
                let split = split.iter().map(|word| words.number(word)).collect();
                beside.values.push(Value { number: number(&text), text: text.into(), words: split });
                beside.counts.push(known.map_or(0, |known| self.counts[known as usize]) + 1);
                beside.of_row.push(0);
                beside.filled += 1;
                numbers.extend(known.map(|known| (known, 0)));
            }
        }
        for &row in rows {
            let value = self.of_row[row as usize];
            if value == NULL {
                beside.of_row.push(NULL);
                continue;
            }
            let next = beside.values.len() as u32;
            let here = *numbers.entry(value).or_insert(next);
            if here == next {
                beside.values.push(self.values[value as usize].clone());
                beside.counts.push(self.counts[value as usize]);
            }
            beside.of_row.push(here);
        }
        beside
    }

    /// How much a word says in this column.
    pub(super) fn weight(&self, word: u32) -> f64 {
        match self.weights.get(word as usize) {
            Some(&weight) if weight > 0.0 => weight,
            _ => self.unknown_word,
        }
    }

    /// Whether the column holds text.
    pub(super) fn is_text(&self) -> bool {
        self.kind == ColumnKind::Text
    }

    /// The values of a pair of rows; nothing if one has none.
    pub(super) fn both(&self, (a, b): (u32, u32)) -> Option<(u32, u32)> {
        let (a, b) = (self.of_row[a as usize], self.of_row[b as usize]);
        (a != NULL && b != NULL).then_some((a, b))
    }

    /// How many of two rows have no value.
    pub(super) fn nulls(&self, (a, b): (u32, u32)) -> u8 {
        [a, b].iter().map(|&row| u8::from(self.of_row[row as usize] == NULL)).sum()
    }
}

/// The words of a text, sorted, each once.
fn different_words(text: &str) -> Vec<String> {
    let mut words = tokens(text);
    words.sort_unstable();
    words.dedup();
    words
}

fn word_weights(values: &[Value], counts: &[u32], filled: u64, words: usize) -> Vec<f64> {
    let mut rows = vec![0_u64; words];
    for (value, &count) in values.iter().zip(counts) {
        value.words.iter().for_each(|&word| rows[word as usize] += u64::from(count));
    }
    rows.into_iter().map(|rows| if rows == 0 { 0.0 } else { weight(filled, rows) }).collect()
}

/// How much a word of so many rows says among so many.
fn weight(filled: u64, rows: u64) -> f64 {
    ((1.0 + filled as f64) / (0.5 + rows as f64)).ln()
}
