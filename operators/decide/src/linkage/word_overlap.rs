//! How much two texts overlap in their words, rare ones above all, spelling errors and initials allowed.

use super::value_column::{Value, ValueColumn, Words};
use crate::comparator::jaro_winkler;

/// Words match softly from this Jaro-Winkler similarity on.
const SOFT: f64 = 0.85;

/// So many words of a text, the heaviest, look for a soft match, which bounds the work on long texts.
const SOFT_WORDS: usize = 32;

/// Soft overlap: the mean over both directions of `sum(w s) / sum(w)` over the words of one text, with their weights
/// `w` in the column. `s` is 1 for a word that the other text has, else the square of its best Jaro-Winkler similarity,
/// or 0 below 0.85. A single letter matches words that it begins, as an initial does. It is 0 without words.
///
/// Each text is measured by its own weights, so that a text that contains the other one scores at least a half.
pub(super) fn word_overlap(column: &ValueColumn, words: &Words, a: &Value, b: &Value) -> f64 {
    if a.words.is_empty() || b.words.is_empty() {
        return 0.0;
    }
    let side = |a: &Value, b: &Value| {
        let (mut matched, mut all) = (0.0, 0.0);
        let unmatched: Vec<(u32, f64)> = a
            .words
            .iter()
            .filter_map(|&word| {
                let weight = column.weight(word);
                all += weight;
                if b.words.contains(&word) {
                    matched += weight;
                    return None;
                }
                Some((word, weight))
            })
            .collect();
        let others = heaviest(b.words.iter().map(|&word| (word, column.weight(word))).collect());
        for (word, weight) in heaviest(unmatched) {
            let best = others.iter().map(|&(other, _)| likeness(words.text(word), words.text(other)));
            let best = best.fold(0.0, f64::max);
            matched += if best >= SOFT { weight * best * best } else { 0.0 };
        }
        if all > 0.0 { matched / all } else { 0.0 }
    };
    (side(a, b) + side(b, a)) / 2.0
}

/// The heaviest words, the rest left out; in the order of their numbers unless some are.
fn heaviest(mut words: Vec<(u32, f64)>) -> Vec<(u32, f64)> {
    if words.len() > SOFT_WORDS {
        words.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        words.truncate(SOFT_WORDS);
    }
    words
}

/// How alike two different words are; 0 if that is below [`SOFT`] for sure.
fn likeness(a: &str, b: &str) -> f64 {
    let same_start = a.chars().next() == b.chars().next();
    let is_letter = |word: &str| word.chars().nth(1).is_none();
    if same_start && (is_letter(a) || is_letter(b)) {
        return jaro_winkler(Some(a), Some(b)).unwrap_or(0.0).max(SOFT);
    }
    // Jaro's similarity is at most (2 + shorter / longer) / 3, and Winkler's prefix adds 0.4 of what is missing to 1 at
    // most, so words of very different lengths cannot match.
    let (shorter, longer) = (a.len().min(b.len()), a.len().max(b.len()));
    let least_share = if same_start { 0.25 } else { 0.55 };
    if a.is_ascii() && b.is_ascii() && (shorter as f64) < least_share * longer as f64 {
        return 0.0;
    }
    jaro_winkler(Some(a), Some(b)).unwrap_or(0.0)
}
