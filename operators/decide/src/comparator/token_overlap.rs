//! Token overlap (soft TF-IDF): words that two texts share, rare ones above all, spelling errors allowed.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::jaro_winkler::jaro_winkler;
use super::term_frequencies::TermFrequencies;
use super::tokens::tokens;

/// Tokens match softly above this Jaro-Winkler similarity.
const SOFT: f64 = 0.9;

/// So many tokens of a text, the heaviest, look for a soft match. Long texts cost no more than this many squared.
const SOFT_TOKENS: usize = 64;

/// Soft TF-IDF similarity (Cohen, Ravikumar and Fienberg 2003, "A comparison of string distance metrics for
/// name-matching tasks") with the word frequencies of a column. A word `w` of a text weighs `ln(1 + its count in the
/// text) ln(1 + texts / texts with w)`, and the weights of a text have length 1. The similarity is the sum over matched
/// words of `weight in a x weight in b x Jaro-Winkler similarity`.
///
/// Unlike in the paper, the matching is one-to-one: equal words first, then by falling similarity above 0.9. So the
/// similarity is symmetric and at most 1. Beyond the 64 heaviest words of a text, only equal words match.
///
/// ```
/// use relata_decide::comparator::TokenOverlap;
///
/// let firms = TokenOverlap::fit([Some("Acme Corp"), Some("Zenith Corp"), Some("Orbit Corp"), None]);
/// let similarity = |a, b| firms.similarity(Some(a), Some(b)).unwrap();
/// assert!(similarity("Acme Corp", "Corp. ACME") > 0.999);
/// assert!(similarity("Zenith Corp", "Zenit Ltd") > similarity("Zenith Corp", "Acme Corp"));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TokenOverlap {
    frequencies: TermFrequencies,
}

impl TokenOverlap {
    /// Counts the words of a column's values.
    pub fn fit<S: AsRef<str>>(values: impl IntoIterator<Item = Option<S>>) -> Self {
        let mut frequencies = TermFrequencies::default();
        for value in values {
            let mut words = value.map(|value| tokens(value.as_ref())).unwrap_or_default();
            words.sort_unstable();
            words.dedup();
            match words.as_slice() {
                [] => frequencies.add_null(),
                words => frequencies.add_row(words.iter().map(String::as_str)),
            }
        }
        Self { frequencies }
    }

    /// The similarity of two texts; nothing if one of them is missing or has no words. Where a text is compared often,
    /// [`read`](Self::read) it once.
    pub fn similarity(&self, a: Option<&str>, b: Option<&str>) -> Option<f64> {
        Some(self.read(a?)?.overlap(&self.read(b?)?))
    }

    /// The weighted words of a text; nothing if it has none.
    pub fn read(&self, value: &str) -> Option<WeightedTokens> {
        let mut words = tokens(value);
        words.sort_unstable();
        let mut words: Vec<Word> = words.chunk_by(|a, b| a == b).map(|same| self.weigh(same)).collect();
        let length = words.iter().map(|word| word.weight * word.weight).sum::<f64>().sqrt();
        words.iter_mut().for_each(|word| word.weight /= length);
        (!words.is_empty()).then_some(WeightedTokens { words })
    }

    /// A word that a text has once or more often.
    fn weigh(&self, same: &[String]) -> Word {
        let text = &same[0];
        let rows = self.frequencies.rows().max(1) as f64;
        let rarity = rows / self.frequencies.count(text).max(1) as f64;
        Word {
            text: text.as_str().into(),
            weight: (same.len() as f64).ln_1p() * rarity.ln_1p(),
            length: text.chars().count() as u32,
            letters: text.chars().fold(0, |letters, letter| letters | 1 << (u32::from(letter) % 64)),
        }
    }
}

/// The words of a text with their weights, as [`TokenOverlap::read`] makes them.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightedTokens {
    /// By word, each once; the squares of the weights add up to 1.
    words: Vec<Word>,
}

#[derive(Debug, Clone, PartialEq)]
struct Word {
    text: Box<str>,
    weight: f64,
    /// How many characters it has.
    length: u32,
    /// The characters that it has, by their number modulo 64.
    letters: u64,
}

/// A word of each text that could be matched.
struct Candidate<'a> {
    similarity: f64,
    a: (usize, &'a Word),
    b: (usize, &'a Word),
}

impl<'a> Candidate<'a> {
    fn product(&self) -> f64 {
        self.a.1.weight * self.b.1.weight
    }

    fn words(&self) -> (&'a str, &'a str) {
        let (a, b) = (&*self.a.1.text, &*self.b.1.text);
        (a.min(b), a.max(b))
    }
}

impl WeightedTokens {
    /// The similarity to another text, in [0, 1].
    pub fn overlap(&self, other: &Self) -> f64 {
        let (mut total, rest) = self.shared(other);
        let [a, b] = rest.map(heaviest);
        let mut candidates = Vec::new();
        for (i, word) in a.iter().enumerate() {
            for (j, other) in b.iter().enumerate() {
                let similarity = soft_match(word, other);
                candidates.extend(similarity.map(|similarity| Candidate { similarity, a: (i, word), b: (j, other) }));
            }
        }
        candidates.sort_by(best_first);
        let (mut used_a, mut used_b) = (vec![false; a.len()], vec![false; b.len()]);
        for candidate in &candidates {
            let (i, j) = (candidate.a.0, candidate.b.0);
            if !used_a[i] && !used_b[j] {
                (used_a[i], used_b[j]) = (true, true);
                total += candidate.similarity * candidate.product();
            }
        }
        total.min(1.0)
    }

    /// What equal words add, and the words of either text that the other one lacks.
    fn shared<'a>(&'a self, other: &'a Self) -> (f64, [Vec<&'a Word>; 2]) {
        let (mut total, mut rest) = (0.0, [Vec::new(), Vec::new()]);
        let (mut a, mut b) = (self.words.iter().peekable(), other.words.iter().peekable());
        loop {
            let order = match (a.peek(), b.peek()) {
                (Some(x), Some(y)) => x.text.cmp(&y.text),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return (total, rest),
            };
            // Equal words take one of each, others the smaller one.
            let x = if order.is_le() { a.next() } else { None };
            let y = if order.is_ge() { b.next() } else { None };
            match (x, y) {
                (Some(x), Some(y)) => total += x.weight * y.weight,
                (x, y) => {
                    rest[0].extend(x);
                    rest[1].extend(y);
                }
            }
        }
    }
}

/// The heaviest words; among equal weights, the first by alphabet.
fn heaviest(mut words: Vec<&Word>) -> Vec<&Word> {
    if words.len() > SOFT_TOKENS {
        words.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        words.truncate(SOFT_TOKENS);
    }
    words
}

/// The similarity of two words that are alike enough. Most are not, which their letters tell without a comparison.
fn soft_match(a: &Word, b: &Word) -> Option<f64> {
    // Letters that the other word lacks match nothing: with m matches, Jaro is at most (m / |a| + m / |b| + 1) / 3.
    let shared = |x: &Word, y: &Word| x.length - (x.letters & !y.letters).count_ones();
    let matches = f64::from(shared(a, b).min(shared(b, a)));
    let jaro = (matches / f64::from(a.length) + matches / f64::from(b.length) + 1.0) / 3.0;
    if jaro + 0.4 * (1.0 - jaro) <= SOFT {
        return None;
    }
    jaro_winkler(Some(&a.text), Some(&b.text)).filter(|&similarity| similarity > SOFT)
}

/// By similarity, then by weight, then by the two words, whichever text they are from: so the order is the same if the
/// texts change places.
fn best_first(x: &Candidate, y: &Candidate) -> Ordering {
    let better = y.similarity.total_cmp(&x.similarity).then_with(|| y.product().total_cmp(&x.product()));
    better.then_with(|| x.words().cmp(&y.words()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn column() -> TokenOverlap {
        let mut rows: Vec<_> = (0..20).map(|_| Some("the grand hotel")).collect();
        rows.extend([Some("the bristol"), Some("hotel bristol"), None, Some("--")]);
        TokenOverlap::fit(rows)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_symmetric_and_bounded(a in "([abé]{1,6} ){0,6}", b in "([abé]{1,6} ){0,6}") {
            let column = TokenOverlap::fit([Some(&a), Some(&b), Some(&"aa b".to_owned())]);
            let found = column.similarity(Some(&a), Some(&b));
            // Jaro-Winkler itself is symmetric but for the last bit.
            let turned = column.similarity(Some(&b), Some(&a));
            prop_assert_eq!(found.is_some(), turned.is_some());
            if let (Some(found), Some(turned)) = (found, turned) {
                prop_assert!((found - turned).abs() < 1e-9, "{} {}", found, turned);
                prop_assert!((0.0..=1.0).contains(&found));
            }
            if let Some(same) = column.similarity(Some(&a), Some(&a)) {
                prop_assert!((same - 1.0).abs() < 1e-12);
            }
        }
    }

    proptest! {
        #[test]
        fn no_match_is_lost_to_its_letters(a in "[abcß\u{101}]{1,9}", b in "[abcß\u{101}]{1,9}") {
            let word = |text: &String| TokenOverlap::default().weigh(std::slice::from_ref(text));
            let expected = jaro_winkler(Some(&a), Some(&b)).filter(|&similarity| similarity > SOFT);
            prop_assert_eq!(soft_match(&word(&a), &word(&b)), expected);
        }
    }

    #[test]
    fn rare_words_count_more() {
        let column = column();
        let similarity = |a, b| column.similarity(Some(a), Some(b)).unwrap();
        assert!(
            similarity("the grand bristol", "bristol palace") > similarity("the grand bristol", "the grand palace")
        );
        assert_eq!(similarity("one", "two"), 0.0);
    }

    #[test]
    fn spelling_errors_are_forgiven_a_little() {
        let column = column();
        let similarity = |a, b| column.similarity(Some(a), Some(b)).unwrap();
        let (exact, soft) = (similarity("hotel bristol", "bristol"), similarity("hotel bristol", "bristoll"));
        assert!(soft > 0.5 && soft < exact, "{soft} {exact}");
        // The paper's sum would count the one word twice here, and exceed 1.
        assert!(similarity("bristol bristoll", "bristol") < 1.0);
    }

    #[test]
    fn what_has_no_words_says_nothing() {
        let column = column();
        assert_eq!(column.similarity(Some("--"), Some("hotel")), None);
        assert_eq!(column.similarity(None, Some("hotel")), None);
        assert_eq!(TokenOverlap::default().similarity(Some("new"), Some("new")), Some(1.0));
    }

    #[test]
    fn long_texts_match_equal_words_only_beyond_the_heaviest() {
        let long = |end: &str| (0..300).map(|at| format!("{at:03}word{end} ")).collect::<String>();
        let column = TokenOverlap::fit([Some(long("a"))]);
        let found = column.similarity(Some(&long("a")), Some(&long("b"))).unwrap();
        assert!(found > 0.1 && found < 0.3, "{found}");
    }
}
