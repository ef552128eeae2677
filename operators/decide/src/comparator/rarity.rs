//! Rarity of a shared value: two records that share a rare name are the same person more often than two that share a
//! common one.

use super::term_frequencies::TermFrequencies;

/// How rare the value is that two records share: `-ln` of its share of the rows with a value (as the adjustment for
/// value-specific frequencies of Fellegi and Sunter 1969, section 3.3). It is 0 where the values differ and for a value
/// that all rows have, and up to `ln(rows)`, so unlike a similarity it is not bounded by 1. Nothing if a value is
/// missing or the column has none.
///
/// ```
/// use relata_decide::comparator::{TermFrequencies, rarity};
///
/// let names = TermFrequencies::of_values([Some("Smith"), Some("Smith"), Some("Smith"), Some("Featherstone")]);
/// let shared = |name| rarity(Some(name), Some(name), &names).unwrap();
/// assert!(shared("Featherstone") > shared("Smith"));
/// assert_eq!(rarity(Some("Smith"), Some("Featherstone"), &names), Some(0.0));
/// ```
pub fn rarity(a: Option<&str>, b: Option<&str>, frequencies: &TermFrequencies) -> Option<f64> {
    let (a, b) = (a?, b?);
    let share = frequencies.share(a)?;
    Some(if a == b { share.recip().ln() } else { 0.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rarest_value_has_the_logarithm_of_the_rows() {
        let found = TermFrequencies::of_values((0..100).map(|at| Some(if at == 0 { "rare" } else { "common" })));
        assert!((rarity(Some("rare"), Some("rare"), &found).unwrap() - 100_f64.ln()).abs() < 1e-12);
        assert!((rarity(Some("new"), Some("new"), &found).unwrap() - 100_f64.ln()).abs() < 1e-12);
        let all = TermFrequencies::of_values([Some("all"), None]);
        assert!(rarity(Some("all"), Some("all"), &all).unwrap().is_sign_positive());
        assert_eq!(rarity(None, Some("all"), &all), None);
        assert_eq!(rarity(Some("a"), Some("a"), &TermFrequencies::default()), None);
    }
}
