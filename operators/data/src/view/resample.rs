//! Marginal resampling: some features are taken from other samples (SCARF, Bahri et al. 2022, "SCARF:
//! Self-Supervised Contrastive Learning using Random Feature Corruption").

use rand::RngExt;
use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use crate::Result;
use crate::index::Row;
use crate::seed::Rng;

/// Bits of a draw that decide whether a feature is replaced. The other 40 choose among a million rows with equal
/// probabilities up to a millionth.
const CHANCE_BITS: u32 = 24;

/// See [`resample`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Resample {
    probability: f64,
}

impl Default for Resample {
    fn default() -> Self {
        Self { probability: 0.6 }
    }
}

impl Settings for Resample {
    const NAME: &'static str = "resample";
    const SUMMARY: &'static str = "some features are taken from other samples (SCARF)";
}

/// Replaces every feature with probability `p` by the same feature of a uniformly drawn row of the dataset, so that
/// each stays within its own marginal distribution; in a table, every column. The paper corrupts a share of 0.6 of the
/// features.
///
/// ```
/// use relata_data::view::{Augment, resample};
///
/// let view = resample(0.6);
/// assert_eq!(view.describe().to_string(), "resample probability=0.6");
/// ```
pub fn resample(p: f64) -> Resample {
    Resample { probability: p }
}

impl Augment for Resample {
    fn check(&self, _: &FeatureShape) -> Result<()> {
        checks::probability("resample", self.probability)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let limit = (self.probability * (1u64 << CHANCE_BITS) as f64).round() as u64;
        let (store, rows) = (view.store, view.store.rows() as u128);
        // One draw decides both whether and from where: its upper bits are the chance, the others the row.
        let mut from = || -> Option<Row> {
            let draw: u64 = rng.random();
            let row = (u128::from(draw << CHANCE_BITS) * rows) >> 64;
            (draw >> (64 - CHANCE_BITS) < limit).then_some(Row(row as u32))
        };
        if let Some(table) = store.table() {
            for (field, value) in view.raw().iter_mut().enumerate() {
                if let Some(row) = from() {
                    table.records().read_value(row, field, value);
                }
            }
        }
        for (column, value) in view.values.iter_mut().enumerate() {
            if let Some(row) = from() {
                // A picture that cannot be read any more is told when it is its turn.
                *value = store.value(row, column).unwrap_or(*value);
            }
        }
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::fixture;
    use super::*;

    #[test]
    fn values_come_from_their_own_column_and_from_every_row() {
        let shape = FeatureShape::vector(3);
        // Row r has 10 r + column, so that a value tells where it came from.
        let rows: Vec<f32> = (0..5).flat_map(|row| (0..3).map(move |column| (10 * row + column) as f32)).collect();
        let store = fixture::store(&shape, &rows);
        let mut seen = HashSet::new();
        let mut kept = 0;
        for seed in 0..2000 {
            let out = fixture::apply_in(&store, &resample(0.5), &[-1.0, -2.0, -3.0], seed);
            for (column, &value) in out.iter().enumerate() {
                if value < 0.0 {
                    assert_eq!(value, -1.0 - column as f32);
                    kept += 1;
                } else {
                    assert_eq!(value as usize % 10, column);
                    seen.insert(value as usize);
                }
            }
        }
        assert_eq!(seen.len(), 15);
        // Four standard deviations of a binomial count around its mean.
        assert!(i32::abs_diff(kept, 3000) < 155);
    }
}
