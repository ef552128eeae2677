//! Levenshtein similarity: one minus the share of characters that have to change.

/// Normalised Levenshtein similarity of two texts, by Unicode scalar values: `1 - d / max(|a|, |b|)`, where `d` is the
/// least number of characters to insert, delete or replace (Levenshtein 1966). Two empty texts are equal.
///
/// ```
/// use relata_decide::comparator::levenshtein;
///
/// let similarity = levenshtein(Some("kitten"), Some("sitting")).unwrap();
/// assert!((similarity - (1.0 - 3.0 / 7.0)).abs() < 1e-12);
/// ```
pub fn levenshtein(a: Option<&str>, b: Option<&str>) -> Option<f64> {
    let (a, b) = (a?, b?);
    Some(if a.is_ascii() && b.is_ascii() {
        rapidfuzz::distance::levenshtein::normalized_similarity(a.bytes(), b.bytes())
    } else {
        rapidfuzz::distance::levenshtein::normalized_similarity(a.chars(), b.chars())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The full table of the dynamic programme.
    fn reference(a: &str, b: &str) -> f64 {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.iter().enumerate() {
            let mut next = vec![i + 1];
            for (j, y) in b.iter().enumerate() {
                next.push((row[j] + usize::from(x != y)).min(row[j + 1] + 1).min(next[j] + 1));
            }
            row = next;
        }
        let longest = a.len().max(b.len());
        if longest == 0 { 1.0 } else { 1.0 - row[b.len()] as f64 / longest as f64 }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_its_definition(a in "[abcé\u{1F600}]{0,90}", b in "[abcé\u{1F600}]{0,90}") {
            let found = levenshtein(Some(&a), Some(&b)).unwrap();
            prop_assert!((found - reference(&a, &b)).abs() < 1e-12);
            prop_assert_eq!(Some(found), levenshtein(Some(&b), Some(&a)));
        }
    }

    #[test]
    fn edges() {
        assert_eq!(levenshtein(Some(""), Some("")), Some(1.0));
        assert_eq!(levenshtein(Some(""), Some("abc")), Some(0.0));
        assert_eq!(levenshtein(Some("né"), Some("ne")), Some(0.5));
        assert_eq!(levenshtein(None, None), None);
    }
}
