//! Horizontal flip view.

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::chance;
use crate::Result;
use crate::seed::Rng;

/// See [`flip`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Flip {
    probability: f64,
}

impl Default for Flip {
    fn default() -> Self {
        Self { probability: 0.5 }
    }
}

impl Settings for Flip {
    const NAME: &'static str = "flip";
    const SUMMARY: &'static str = "an image mirrored left to right";
}

/// Mirrors an image left to right with probability 0.5.
///
/// ```
/// use relata_data::view::{Augment, flip};
///
/// let view = flip();
/// assert_eq!(view.describe().to_string(), "flip probability=0.5");
/// ```
pub fn flip() -> Flip {
    Flip::default()
}

impl Flip {
    /// Another probability than 0.5. It replaces the 0.5, where
    /// [`AugmentExt::with_probability`](super::AugmentExt::with_probability) would multiply it.
    ///
    /// ```
    /// use relata_data::view::{Augment, flip};
    ///
    /// assert_eq!(flip().with_probability(0.2).describe()["probability"], 0.2);
    /// ```
    pub fn with_probability(mut self, p: f64) -> Self {
        self.probability = p;
        self
    }
}

impl Augment for Flip {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::image("flip", shape)?;
        checks::probability("flip", self.probability)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let Some((_, _, width)) = view.shape.as_image() else { return };
        if chance(rng, self.probability) {
            view.values.chunks_exact_mut(width).for_each(<[f32]>::reverse);
        }
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

#[cfg(test)]
mod tests {
    use relata_schemas::Element;

    use super::super::{AugmentExt, fixture};
    use super::*;

    #[test]
    fn rows_are_mirrored_and_twice_is_the_identity() {
        let shape = FeatureShape::image(2, 1, 3, Element::F32);
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        let always = flip().with_probability(1.0);
        assert_eq!(fixture::apply(&always, &shape, &values, 0), [3.0, 2.0, 1.0, 6.0, 5.0, 4.0]);
        assert_eq!(fixture::apply(&always.then(always), &shape, &values, 0), values);
    }

    #[test]
    fn half_of_the_views_are_flipped() {
        let shape = FeatureShape::image(1, 1, 2, Element::F32);
        let store = fixture::store(&shape, &[0.0, 1.0]);
        let flipped = |seed: &u64| fixture::apply_in(&store, &flip(), &[0.0, 1.0], *seed) == [1.0, 0.0];
        // Four standard deviations of a binomial count around its mean.
        assert!((0..4000).filter(flipped).count().abs_diff(2000) < 127);
    }
}
