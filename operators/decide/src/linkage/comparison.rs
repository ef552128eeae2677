//! The comparison of two values: similarities, and the level of agreement that they amount to.

use super::column_kind::ColumnKind;
use super::value_column::{Value, ValueColumn, Words};
use super::word_overlap::word_overlap;
use crate::comparator::{jaro_winkler, optimal_string_alignment};

/// How many levels of agreement there are, from 0 for different values to 5 for equal ones.
pub(super) const LEVELS: usize = 6;

/// The level of equal values.
pub(super) const EQUAL: u8 = LEVELS as u8 - 1;

/// In place of a level, where a value is missing: no evidence.
pub(super) const NO_LEVEL: u8 = LEVELS as u8;

/// From these similarities on, values are of level 1, 2, 3 and 4. Only equal values reach 1.
const CUTS: [f64; LEVELS - 2] = [0.4, 0.6, 0.75, 0.88];

/// The most similarity of different values.
const ALMOST: f64 = 0.99;

/// Two numbers at a difference of this many standard deviations have `1/e` of the similarity of close ones.
const NUMBER_SCALE: f64 = 0.2;

/// The similarity of two numbers that are all but equal, however different their digits.
const CLOSE_NUMBERS: f64 = 0.9;

/// The most difference of two numbers, in standard deviations.
const MOST_DIFFERENCE: f64 = 5.0;

/// The difference, in standard deviations, of a value that is no number among numbers.
const NO_NUMBER: f64 = 3.0;

/// How two values compare.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Comparison {
    pub jaro_winkler: f32,
    /// By optimal string alignment.
    pub edit: f32,
    /// Overlap of words; as `edit` for numbers.
    pub words: f32,
    /// Difference of numbers in standard deviations; 0 for text.
    pub difference: f32,
    /// The similarity that decides on the level.
    pub similarity: f32,
    pub level: u8,
}

impl Comparison {
    /// That of equal values.
    pub(super) const OF_EQUALS: Self =
        Self { jaro_winkler: 1.0, edit: 1.0, words: 1.0, difference: 0.0, similarity: 1.0, level: EQUAL };

    /// Whether the values are equal.
    pub(super) fn is_of_equals(&self) -> bool {
        self.level == EQUAL
    }

    /// Compares two values by the rules and word weights of a column. Text is as similar as it is by edits, by the mean
    /// of edits and Jaro-Winkler, or by words, whichever is most; numbers by edits of their digits or by their
    /// difference.
    pub(super) fn of(column: &ValueColumn, words: &Words, a: &Value, b: &Value) -> Self {
        if a.text == b.text {
            return Self::OF_EQUALS;
        }
        // Jaro-Winkler and sums are symmetric but for the last bit.
        let (a, b) = if a.text <= b.text { (a, b) } else { (b, a) };
        let both = (Some(&*a.text), Some(&*b.text));
        let winkler = jaro_winkler(both.0, both.1).unwrap_or(0.0);
        let edit = optimal_string_alignment(both.0, both.1).unwrap_or(0.0);
        let (overlap, difference, similarity) = match column.kind {
            ColumnKind::Text => {
                let overlap = word_overlap(column, words, a, b);
                (overlap, 0.0, edit.max(0.5 * winkler + 0.5 * edit).max(overlap))
            }
            ColumnKind::Number { deviation } => {
                let difference = a.number.zip(b.number).map(|(a, b)| (a - b).abs() / deviation).unwrap_or(NO_NUMBER);
                let close = CLOSE_NUMBERS * (-difference / NUMBER_SCALE).exp();
                (edit, difference.min(MOST_DIFFERENCE), edit.max(close))
            }
        };
        let similarity = similarity.min(ALMOST);
        Self {
            jaro_winkler: winkler as f32,
            edit: edit as f32,
            words: overlap as f32,
            difference: difference as f32,
            similarity: similarity as f32,
            level: level(similarity),
        }
    }
}

/// The level of different values by their similarity, 0 to 4.
pub(super) fn level(similarity: f64) -> u8 {
    CUTS.iter().filter(|&&cut| similarity >= cut).count() as u8
}
