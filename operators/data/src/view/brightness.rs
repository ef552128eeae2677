//! Brightness view (colour jitter).

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::uniform;
use crate::Result;
use crate::seed::Rng;

/// See [`brightness`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Brightness {
    strength: f64,
}

impl Default for Brightness {
    fn default() -> Self {
        Self { strength: 0.4 }
    }
}

impl Settings for Brightness {
    const NAME: &'static str = "brightness";
    const SUMMARY: &'static str = "random brightness of an image";
}

/// Multiplies an image by a factor uniform in `1 - strength..1 + strength`. After the last change of a chain the image
/// is clamped to [0, 1].
///
/// ```
/// use relata_data::view::{Augment, brightness};
///
/// let view = brightness(0.4);
/// assert_eq!(view.describe().to_string(), "brightness strength=0.4");
/// ```
pub fn brightness(strength: f64) -> Brightness {
    Brightness { strength }
}

impl Augment for Brightness {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::image("brightness", shape)?;
        checks::setting("brightness", "strength", (0.0..=1.0).contains(&self.strength), "in [0, 1]", self.strength)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let factor = uniform(rng, 1.0 - self.strength, 1.0 + self.strength);
        view.values.iter_mut().for_each(|value| *value *= factor);
        view.clamp_at_the_end();
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

#[cfg(test)]
mod tests {
    use relata_schemas::Element;

    use super::super::fixture;
    use super::*;

    #[test]
    fn pixels_share_a_factor_that_fills_its_range_and_are_clamped() {
        let shape = FeatureShape::image(1, 1, 3, Element::F32);
        let store = fixture::store(&shape, &[0.2, 0.6, 0.9]);
        let (mut low, mut high) = (f32::MAX, f32::MIN);
        for seed in 0..1000 {
            let out = fixture::apply_in(&store, &brightness(0.4), &[0.2, 0.6, 0.9], seed);
            let factor = out[0] / 0.2;
            assert!((out[1] - (0.6 * factor).min(1.0)).abs() < 1e-6);
            assert!((out[2] - (0.9 * factor).min(1.0)).abs() < 1e-6);
            (low, high) = (low.min(factor), high.max(factor));
        }
        assert!((0.599..0.61).contains(&low) && (1.39..1.401).contains(&high), "{low}..{high}");
    }
}
