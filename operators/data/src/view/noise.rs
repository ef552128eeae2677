//! Gaussian noise view, for vectors and images.

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::two_normals;
use super::jitter::move_numbers;
use crate::Result;
use crate::seed::Rng;

/// See [`noise`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Noise {
    std: f64,
}

impl Default for Noise {
    fn default() -> Self {
        Self { std: 0.1 }
    }
}

impl Settings for Noise {
    const NAME: &'static str = "noise";
    const SUMMARY: &'static str = "additive Gaussian noise";
}

/// Adds independent Gaussian noise of this standard deviation to every number; images are then clamped to [0, 1]. In a
/// table it counts in standard deviations of the column, as numbers are standardised.
///
/// ```
/// use relata_data::view::{Augment, noise};
///
/// let view = noise(0.05);
/// assert_eq!(view.describe().to_string(), "noise std=0.05");
/// ```
pub fn noise(std: f64) -> Noise {
    Noise { std }
}

impl Augment for Noise {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        let found = || format!("{shape}, texts and categories only. Use typos and drop_columns");
        let moved = !shape.is_table() || shape.numbers() > 0;
        checks::setting("noise", "features", moved, "numbers", if moved { String::new() } else { found() })?;
        checks::setting("noise", "std", (0.0..f64::INFINITY).contains(&self.std), "finite and at least 0", self.std)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        if let (Some(record), Some(table)) = (&mut view.record, view.store.table()) {
            return move_numbers(table, record, self.std, |_| true, rng);
        }
        let std = self.std as f32;
        for pair in view.values.chunks_mut(2) {
            for (value, draw) in pair.iter_mut().zip(two_normals(rng)) {
                *value += std * draw;
            }
        }
        if view.shape.as_image().is_some() {
            view.values.iter_mut().for_each(|value| *value = value.clamp(0.0, 1.0));
        }
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
    fn moments_and_tails_are_those_of_a_normal_distribution() {
        let n = 200_001;
        let shape = FeatureShape::vector(n);
        let drawn = fixture::apply(&noise(2.0), &shape, &vec![5.0; n], 1);
        let z: Vec<f64> = drawn.iter().map(|&v| (f64::from(v) - 5.0) / 2.0).collect();
        let mean = |f: &dyn Fn(f64) -> f64| z.iter().map(|&z| f(z)).sum::<f64>() / n as f64;
        assert!(mean(&|z| z).abs() < 0.01);
        assert!((mean(&|z| z * z) - 1.0).abs() < 0.015);
        assert!(mean(&|z| z.powi(3)).abs() < 0.03);
        assert!((mean(&|z| z.powi(4)) - 3.0).abs() < 0.1);
        assert!((mean(&|z| f64::from(z > 1.96)) - 0.025).abs() < 0.002);
        let lag = z.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / n as f64;
        assert!(lag.abs() < 0.01);
    }

    #[test]
    fn images_are_clamped_and_vectors_are_not() {
        let values = [0.0, 1.0, 0.0, 1.0, 0.0];
        let image = fixture::apply(&noise(1.0), &FeatureShape::image(1, 1, 5, Element::F32), &values, 2);
        let vector = fixture::apply(&noise(1.0), &FeatureShape::vector(5), &values, 2);
        assert!(vector.iter().any(|v| !(0.0..=1.0).contains(v)));
        let clamped: Vec<f32> = vector.iter().map(|v| v.clamp(0.0, 1.0)).collect();
        assert_eq!(image, clamped);
    }
}
