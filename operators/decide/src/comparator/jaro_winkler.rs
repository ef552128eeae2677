//! Jaro-Winkler similarity: for short names with typing errors.

/// Jaro-Winkler similarity of two texts, by Unicode scalar values (Winkler 1990, "String comparator metrics and
/// enhanced decision rules in the Fellegi-Sunter model of record linkage"): the Jaro similarity `J`, and where that is
/// above 0.7, `J + 0.1 l (1 - J)` with a common prefix of `l <= 4` characters. Letters are compared as they are:
/// normalise case and accents before where they do not matter. Two empty texts are equal.
///
/// ```
/// use relata_decide::comparator::jaro_winkler;
///
/// let similarity = jaro_winkler(Some("martha"), Some("marhta")).unwrap();
/// assert!((similarity - 0.961).abs() < 1e-3);
/// assert_eq!(jaro_winkler(Some("martha"), None), None);
/// ```
pub fn jaro_winkler(a: Option<&str>, b: Option<&str>) -> Option<f64> {
    let (a, b) = (a?, b?);
    // Bytes are faster, and the same where every character is one byte.
    Some(if a.is_ascii() && b.is_ascii() {
        rapidfuzz::distance::jaro_winkler::similarity(a.bytes(), b.bytes())
    } else {
        rapidfuzz::distance::jaro_winkler::similarity(a.chars(), b.chars())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Straight from the definition.
    fn reference(a: &str, b: &str) -> f64 {
        let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
        if a.is_empty() || b.is_empty() {
            return f64::from(u8::from(a == b));
        }
        let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
        let (mut used, mut from_a) = (vec![false; b.len()], Vec::new());
        for (i, letter) in a.iter().enumerate() {
            let near = i.saturating_sub(reach)..(i + reach + 1).min(b.len());
            if let Some(j) = near.into_iter().find(|&j| !used[j] && b[j] == *letter) {
                used[j] = true;
                from_a.push(*letter);
            }
        }
        let from_b = (0..b.len()).filter(|&j| used[j]).map(|j| b[j]);
        let moved = from_a.iter().zip(from_b).filter(|(x, y)| **x != *y).count() / 2;
        let m = from_a.len() as f64;
        if m == 0.0 {
            return 0.0;
        }
        let jaro = (m / a.len() as f64 + m / b.len() as f64 + (m - moved as f64) / m) / 3.0;
        let prefix = a.iter().zip(&b).take(4).take_while(|(x, y)| x == y).count();
        if jaro > 0.7 { jaro + 0.1 * prefix as f64 * (1.0 - jaro) } else { jaro }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_its_definition(a in "[abcä\u{1F600}]{0,14}", b in "[abcä\u{1F600}]{0,14}") {
            let found = jaro_winkler(Some(&a), Some(&b)).unwrap();
            prop_assert!((found - reference(&a, &b)).abs() < 1e-12);
            prop_assert!((0.0..=1.0).contains(&found));
            prop_assert!((found - jaro_winkler(Some(&b), Some(&a)).unwrap()).abs() < 1e-12);
        }

        // Longer texts take another way through the bit-parallel algorithm.
        #[test]
        fn long_texts_too(a in "[a-d]{60,200}", b in "[a-dé]{0,200}") {
            let found = jaro_winkler(Some(&a), Some(&b)).unwrap();
            prop_assert!((found - reference(&a, &b)).abs() < 1e-12, "{} {}", found, reference(&a, &b));
        }

        #[test]
        fn no_text_is_refused(a in any::<String>(), b in any::<String>()) {
            prop_assert!((0.0..=1.0).contains(&jaro_winkler(Some(&a), Some(&b)).unwrap()));
            prop_assert_eq!(jaro_winkler(Some(&a), Some(&a)), Some(1.0));
        }
    }

    #[test]
    fn known_values() {
        let known = [("martha", "marhta", 0.9611), ("dixon", "dicksonx", 0.8133), ("dwayne", "duane", 0.84)];
        for (a, b, expected) in known {
            let found = jaro_winkler(Some(a), Some(b)).unwrap();
            assert!((found - expected).abs() < 1e-4, "{a} {b} {found}");
        }
    }
}
