//! Exact entities: how many true entities were found without a mistake.

use serde::{Deserialize, Serialize};

use super::contingency::Contingency;

/// Entities that were found exactly: cluster precision and recall (Menestrina, Whang and Garcia-Molina 2010,
/// "Evaluating entity resolution results").
///
/// ```
/// use relata_decide::evaluation::{Contingency, ExactEntities};
///
/// let table = Contingency::of(&[0, 0, 2, 3], &[Some(1), Some(1), Some(2), Some(2)])?;
/// let found = ExactEntities::of(&table);
/// assert_eq!((found.exact, found.recall(), found.precision()), (1, Some(0.5), Some(1.0 / 3.0)));
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExactEntities {
    /// True entities that have exactly the rows of one that was found.
    pub exact: u64,
    /// All entities that were found.
    pub found: u64,
    /// All true entities.
    pub truth: u64,
}

impl ExactEntities {
    /// Counts entities, those of one row included. Rows whose truth is not known do not make an entity inexact.
    pub fn of(table: &Contingency) -> Self {
        let exact = table.cells().iter().filter(|cell| cell.shared == cell.found && cell.shared == cell.truth);
        let (found, truth) = (table.found().len() as u64, table.truth().len() as u64);
        Self { exact: exact.count() as u64, found, truth }
    }

    /// The share of the true entities that was found exactly; nothing if there is none.
    pub fn recall(&self) -> Option<f64> {
        (self.truth > 0).then(|| self.exact as f64 / self.truth as f64)
    }

    /// The share of the found entities that is exactly a true one; nothing if there is none.
    pub fn precision(&self) -> Option<f64> {
        (self.found > 0).then(|| self.exact as f64 / self.found as f64)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_is_the_intersection_of_sets(rows in prop::collection::vec((0u32..5, 0u32..5), 0..12)) {
            let sets = |of: fn(&(u32, u32)) -> u32| -> BTreeSet<Vec<usize>> {
                let members = |entity| (0..rows.len()).filter(|&row| of(&rows[row]) == entity).collect();
                rows.iter().map(|row| members(of(row))).collect()
            };
            let (found, truth) = (sets(|row| row.0), sets(|row| row.1));
            let numbers: (Vec<u32>, Vec<Option<u32>>) = rows.iter().map(|row| (row.0, Some(row.1))).unzip();
            let counted = ExactEntities::of(&Contingency::of(&numbers.0, &numbers.1).unwrap());
            let exact = found.intersection(&truth).count() as u64;
            let expected = ExactEntities { exact, found: found.len() as u64, truth: truth.len() as u64 };
            prop_assert_eq!(counted, expected);
            prop_assert_eq!(counted.recall().is_none(), rows.is_empty());
        }
    }
}
