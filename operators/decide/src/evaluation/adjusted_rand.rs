//! Adjusted Rand index: agreement of two partitions beyond chance.

use super::contingency::Contingency;

/// The adjusted Rand index (Hubert and Arabie 1985): 1 for equal partitions, about 0 for independent ones, below 0 for
/// less than chance. Nothing for fewer than two rows of known truth. Two partitions that are all singletons, or both
/// one entity, are equal: 1.
///
/// ```
/// use relata_decide::evaluation::{Contingency, adjusted_rand};
///
/// let table = Contingency::of(&[0, 0, 1, 2], &[Some(0), Some(0), Some(1), Some(1)])?;
/// assert!((adjusted_rand(&table).unwrap() - 4.0 / 7.0).abs() < 1e-12);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
pub fn adjusted_rand(table: &Contingency) -> Option<f64> {
    let pairs = |rows: u64| rows as f64 * (rows as f64 - 1.0) / 2.0;
    let all = pairs(table.rows());
    if table.rows() < 2 {
        return None;
    }
    let both: f64 = table.cells().iter().map(|cell| pairs(cell.shared)).sum();
    let found: f64 = table.found().iter().copied().map(pairs).sum();
    let truth: f64 = table.truth().iter().copied().map(pairs).sum();
    let expected = found / all * truth;
    let most = (found + truth) / 2.0;
    Some(if most == expected { 1.0 } else { (both - expected) / (most - expected) })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn index(rows: &[(u32, u32)]) -> Option<f64> {
        let (found, truth): (Vec<u32>, Vec<Option<u32>>) = rows.iter().map(|row| (row.0, Some(row.1))).unzip();
        adjusted_rand(&Contingency::of(&found, &truth).unwrap())
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// The form by pairs (Steinley 2004), over all pairs.
        #[test]
        fn it_is_the_form_by_pairs(rows in prop::collection::vec((0u32..4, 0u32..4), 2..25)) {
            let (mut a, mut b, mut c, mut d) = (0.0, 0.0, 0.0, 0.0);
            for j in 0..rows.len() {
                for i in 0..j {
                    match (rows[i].0 == rows[j].0, rows[i].1 == rows[j].1) {
                        (true, true) => a += 1.0,
                        (true, false) => b += 1.0,
                        (false, true) => c += 1.0,
                        (false, false) => d += 1.0,
                    }
                }
            }
            let below: f64 = (a + b) * (b + d) + (a + c) * (c + d);
            let expected = if below == 0.0 { 1.0 } else { 2.0 * (a * d - b * c) / below };
            let found = index(&rows).unwrap();
            prop_assert!((found - expected).abs() < 1e-9, "{} {}", found, expected);
        }
    }

    #[test]
    fn edges() {
        assert_eq!(index(&[]), None);
        assert_eq!(index(&[(0, 0)]), None);
        assert_eq!(index(&[(0, 0), (0, 0)]), Some(1.0));
        assert_eq!(index(&[(0, 0), (1, 1)]), Some(1.0));
        assert_eq!(index(&[(0, 0), (0, 1)]), Some(0.0));
    }
}
