//! Contrast view (colour jitter).

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::uniform;
use crate::Result;
use crate::seed::Rng;

/// See [`contrast`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Contrast {
    strength: f64,
}

impl Default for Contrast {
    fn default() -> Self {
        Self { strength: 0.4 }
    }
}

impl Settings for Contrast {
    const NAME: &'static str = "contrast";
    const SUMMARY: &'static str = "random contrast of an image";
}

/// Stretches an image about its mean (over all channels) by a factor uniform in `1 - strength..1 + strength`. After the
/// last change of a chain the image is clamped to [0, 1].
///
/// ```
/// use relata_data::view::{Augment, contrast};
///
/// let view = contrast(0.4);
/// assert_eq!(view.describe().to_string(), "contrast strength=0.4");
/// ```
pub fn contrast(strength: f64) -> Contrast {
    Contrast { strength }
}

impl Augment for Contrast {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::image("contrast", shape)?;
        checks::setting("contrast", "strength", (0.0..=1.0).contains(&self.strength), "in [0, 1]", self.strength)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let factor = uniform(rng, 1.0 - self.strength, 1.0 + self.strength);
        let mean = mean(view.values);
        for value in view.values.iter_mut() {
            *value = (*value - mean) * factor + mean;
        }
        view.clamp_at_the_end();
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

/// The mean, summed in sixteen lanes: one running sum could not be vectorised, and would round more.
fn mean(values: &[f32]) -> f32 {
    let (blocks, rest) = values.as_chunks::<16>();
    let mut lanes = [0.0f32; 16];
    for block in blocks {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += value;
        }
    }
    (lanes.iter().sum::<f32>() + rest.iter().sum::<f32>()) / values.len().max(1) as f32
}

#[cfg(test)]
mod tests {
    use relata_schemas::Element;

    use super::super::{AugmentExt, brightness, fixture};
    use super::*;

    #[test]
    fn pixels_stretch_about_the_mean_of_all_channels() {
        let shape = FeatureShape::image(2, 1, 2, Element::F32);
        let values = [0.4, 0.5, 0.55, 0.75];
        let store = fixture::store(&shape, &values);
        let (mut low, mut high) = (f32::MAX, f32::MIN);
        for seed in 0..1000 {
            let out = fixture::apply_in(&store, &contrast(0.4), &values, seed);
            let factor = (out[0] - 0.55) / (0.4 - 0.55);
            for (out, value) in out.iter().zip(values) {
                assert!((out - (0.55 + (value - 0.55) * factor)).abs() < 1e-5);
            }
            (low, high) = (low.min(factor), high.max(factor));
        }
        assert!((0.599..0.61).contains(&low) && (1.39..1.401).contains(&high), "{low}..{high}");
    }

    #[test]
    fn the_mean_is_that_of_the_plain_sum_and_results_are_clamped() {
        let values: Vec<f32> = (0..783).map(|v| (v % 2) as f32).collect();
        assert!((mean(&values) - 391.0 / 783.0).abs() < 1e-6);
        let shape = FeatureShape::image(1, 27, 29, Element::F32);
        let store = fixture::store(&shape, &values);
        for seed in 0..50 {
            let out = fixture::apply_in(&store, &contrast(1.0), &values, seed);
            assert!(out.iter().all(|v| (0.0..=1.0).contains(v)));
        }
    }

    #[test]
    fn a_chain_of_colour_changes_clips_once() {
        // Contrast pushes 0.9 beyond 1, from where less brightness brings it back as if nothing had been clipped.
        let (shape, values) = (FeatureShape::image(1, 1, 2, Element::F32), [0.1, 0.9]);
        let store = fixture::store(&shape, &values);
        let mut brought_back = 0;
        for seed in 0..200 {
            let mut rng = crate::seed::stream(seed, &[]);
            let (contrasted, brightened) = (uniform(&mut rng, 0.0, 2.0), uniform(&mut rng, 0.0, 2.0));
            let expected = (0.4 * contrasted + 0.5) * brightened;
            let out = fixture::apply_in(&store, &contrast(1.0).then(brightness(1.0)), &values, seed);
            assert!((out[1] - expected.min(1.0)).abs() < 1e-5);
            brought_back += usize::from(0.4 * contrasted + 0.5 > 1.0 && expected < 1.0);
        }
        assert!(brought_back > 20, "{brought_back}");
    }
}
