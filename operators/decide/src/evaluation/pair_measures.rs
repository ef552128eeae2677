//! Pair measures: precision, recall and F1 over pairs of rows.

use serde::{Deserialize, Serialize};

use super::contingency::Contingency;

/// Pairs of rows that a partition puts into one entity, against those that belong together.
///
/// ```
/// use relata_decide::evaluation::{Contingency, PairMeasures};
///
/// let table = Contingency::of(&[0, 0, 0, 3], &[Some(1), Some(1), Some(2), Some(2)])?;
/// let found = PairMeasures::of(&table);
/// assert_eq!((found.precision(), found.recall()), (Some(1.0 / 3.0), Some(0.5)));
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PairMeasures {
    /// Pairs that belong together.
    pub true_pairs: u64,
    /// Pairs that were put together.
    pub found_pairs: u64,
    /// Pairs that are both.
    pub correct_pairs: u64,
}

impl PairMeasures {
    /// Counts pairs by the sizes of entities, without listing them.
    pub fn of(table: &Contingency) -> Self {
        let pairs = |rows: u64| rows * rows.saturating_sub(1) / 2;
        Self {
            true_pairs: table.truth().iter().copied().map(pairs).sum(),
            found_pairs: table.found().iter().copied().map(pairs).sum(),
            correct_pairs: table.cells().iter().map(|cell| pairs(cell.shared)).sum(),
        }
    }

    /// The share of the found pairs that is correct; nothing if none was found.
    pub fn precision(&self) -> Option<f64> {
        (self.found_pairs > 0).then(|| self.correct_pairs as f64 / self.found_pairs as f64)
    }

    /// The share of the true pairs that was found; nothing if there is none.
    pub fn recall(&self) -> Option<f64> {
        (self.true_pairs > 0).then(|| self.correct_pairs as f64 / self.true_pairs as f64)
    }

    /// The harmonic mean of precision and recall; nothing if there is neither a true nor a found pair.
    pub fn f1(&self) -> Option<f64> {
        let both = self.true_pairs as f64 + self.found_pairs as f64;
        (both > 0.0).then(|| 2.0 * self.correct_pairs as f64 / both)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_the_count_of_all_pairs(rows in prop::collection::vec((0u32..6, prop::option::of(0u32..5)), 0..40)) {
            let (found, truth): (Vec<u32>, Vec<Option<u32>>) = rows.iter().copied().unzip();
            let mut expected = PairMeasures { true_pairs: 0, found_pairs: 0, correct_pairs: 0 };
            for (b, row) in rows.iter().enumerate() {
                for other in rows[..b].iter().filter(|other| other.1.is_some() && row.1.is_some()) {
                    expected.true_pairs += u64::from(row.1 == other.1);
                    expected.found_pairs += u64::from(row.0 == other.0);
                    expected.correct_pairs += u64::from(row == other);
                }
            }
            prop_assert_eq!(PairMeasures::of(&Contingency::of(&found, &truth).unwrap()), expected);
        }
    }

    #[test]
    fn without_pairs_there_is_no_share() {
        let none = PairMeasures::of(&Contingency::of(&[0, 1], &[Some(0), Some(1)]).unwrap());
        assert_eq!((none.precision(), none.recall(), none.f1()), (None, None, None));
        let missed = PairMeasures::of(&Contingency::of(&[0, 1], &[Some(0), Some(0)]).unwrap());
        assert_eq!((missed.precision(), missed.recall(), missed.f1()), (None, Some(0.0), Some(0.0)));
    }
}
