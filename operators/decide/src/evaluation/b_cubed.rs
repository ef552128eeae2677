//! B-cubed: precision and recall of the entity of each row, as a mean over rows.

use serde::{Deserialize, Serialize};

use super::contingency::Contingency;

/// B-cubed precision and recall (Bagga and Baldwin 1998): for each row, how much of its found entity belongs to its
/// true one, and the other way round. Unlike over pairs, large entities weigh by their rows, not by their square.
///
/// ```
/// use relata_decide::evaluation::{BCubed, Contingency};
///
/// let table = Contingency::of(&[0, 0, 0, 3], &[Some(1), Some(1), Some(2), Some(2)])?;
/// let found = BCubed::of(&table).unwrap();
/// assert!((found.precision - (2.0 / 3.0 + 2.0 / 3.0 + 1.0 / 3.0 + 1.0) / 4.0).abs() < 1e-12);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BCubed {
    /// The mean share of a row's found entity that belongs to its true one.
    pub precision: f64,
    /// The mean share of a row's true entity that is in its found one.
    pub recall: f64,
}

impl BCubed {
    /// The means over all rows of known truth; nothing if there is none.
    pub fn of(table: &Contingency) -> Option<Self> {
        let rows = table.rows() as f64;
        let mean = |size: fn(&super::contingency::Cell) -> u64| {
            let shares = table.cells().iter().map(|cell| (cell.shared as f64).powi(2) / size(cell) as f64);
            shares.sum::<f64>() / rows
        };
        (rows > 0.0).then(|| Self { precision: mean(|cell| cell.found), recall: mean(|cell| cell.truth) })
    }

    /// The harmonic mean of precision and recall, which are above 0.
    pub fn f1(&self) -> f64 {
        2.0 * self.precision * self.recall / (self.precision + self.recall)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_the_mean_over_rows(rows in prop::collection::vec((0u32..5, 0u32..5), 1..30)) {
            let share = |row: &(u32, u32), of: fn(&(u32, u32)) -> u32| {
                let size = rows.iter().filter(|other| of(other) == of(row)).count();
                rows.iter().filter(|other| *other == row).count() as f64 / size as f64
            };
            let mean = |of| rows.iter().map(|row| share(row, of)).sum::<f64>() / rows.len() as f64;
            let (found, truth): (Vec<u32>, Vec<Option<u32>>) = rows.iter().map(|row| (row.0, Some(row.1))).unzip();
            let measured = BCubed::of(&Contingency::of(&found, &truth).unwrap()).unwrap();
            prop_assert!((measured.precision - mean(|row| row.0)).abs() < 1e-12);
            prop_assert!((measured.recall - mean(|row| row.1)).abs() < 1e-12);
            prop_assert!(measured.f1() <= 1.0 + 1e-12 && measured.f1() > 0.0);
        }
    }

    #[test]
    fn no_rows_no_mean() {
        assert_eq!(BCubed::of(&Contingency::of(&[], &[]).unwrap()), None);
    }
}
