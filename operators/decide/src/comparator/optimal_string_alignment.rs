//! Similarity by optimal string alignment: as Levenshtein's, with neighbours that changed places as one error.

/// Normalised similarity by optimal string alignment of two texts, by Unicode scalar values: `1 - d / max(|a|, |b|)`,
/// where `d` is the least number of characters to insert, delete or replace, or of neighbouring ones to transpose, when
/// no part is edited twice (the restricted distance of Damerau 1964). Two empty texts are equal.
///
/// ```
/// use relata_decide::comparator::optimal_string_alignment;
///
/// let similarity = optimal_string_alignment(Some("martha"), Some("marhta")).unwrap();
/// assert!((similarity - (1.0 - 1.0 / 6.0)).abs() < 1e-12);
/// ```
pub fn optimal_string_alignment(a: Option<&str>, b: Option<&str>) -> Option<f64> {
    let (a, b) = (a?, b?);
    // Bytes are faster, and the same where every character is one byte.
    let (distance, longer) = if a.is_ascii() && b.is_ascii() {
        (rapidfuzz::distance::osa::distance(a.bytes(), b.bytes()), a.len().max(b.len()))
    } else {
        let longer = a.chars().count().max(b.chars().count());
        (rapidfuzz::distance::osa::distance(a.chars(), b.chars()), longer)
    };
    Some(if longer == 0 { 1.0 } else { 1.0 - distance as f64 / longer as f64 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_values() {
        let known = [("", "", 1.0), ("", "ab", 0.0), ("ab", "ba", 0.5), ("ca", "abc", 0.0), ("äb", "bä", 0.5)];
        for (a, b, expected) in known {
            assert_eq!(optimal_string_alignment(Some(a), Some(b)), Some(expected), "{a} {b}");
        }
        assert_eq!(optimal_string_alignment(None, Some("a")), None);
    }
}
