//! Feature dropout view.

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::chance;
use crate::Result;
use crate::fields::Value;
use crate::seed::Rng;

/// See [`dropout`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Dropout {
    probability: f64,
}

impl Default for Dropout {
    fn default() -> Self {
        Self { probability: 0.1 }
    }
}

impl Settings for Dropout {
    const NAME: &'static str = "dropout";
    const SUMMARY: &'static str = "some features become 0";
}

/// Sets every number to 0 with probability `p`, independently; in a table, every value is missing with that probability.
/// What is left is not scaled up.
///
/// ```
/// use relata_data::view::{Augment, dropout};
///
/// let view = dropout(0.1);
/// assert_eq!(view.describe().to_string(), "dropout probability=0.1");
/// ```
pub fn dropout(p: f64) -> Dropout {
    Dropout { probability: p }
}

impl Augment for Dropout {
    fn check(&self, _: &FeatureShape) -> Result<()> {
        checks::probability("dropout", self.probability)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        for value in view.raw() {
            if chance(rng, self.probability) {
                *value = Value::Null;
            }
        }
        for value in view.values.iter_mut() {
            if chance(rng, self.probability) {
                *value = 0.0;
            }
        }
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture;
    use super::*;

    #[test]
    fn the_expected_share_is_zero_and_the_rest_is_untouched() {
        let shape = FeatureShape::vector(10_000);
        let values: Vec<f32> = (1..=10_000).map(|v| v as f32).collect();
        let out = fixture::apply(&dropout(0.3), &shape, &values, 4);
        assert!(out.iter().zip(&values).all(|(&out, &value)| out == 0.0 || out == value));
        // Four standard deviations of a binomial count around its mean.
        assert!(out.iter().filter(|&&v| v == 0.0).count().abs_diff(3000) < 184);
        assert_eq!(fixture::apply(&dropout(0.0), &shape, &values, 4), values);
        assert!(fixture::apply(&dropout(1.0), &shape, &values, 4).iter().all(|&v| v == 0.0));
    }
}
