//! Affine view: rotation, scale, shear and translation of an image in one bilinear step.

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::uniform;
use super::warp::warp;
use crate::Result;
use crate::seed::Rng;

/// See [`affine`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Affine {
    rotation: f64,
    scale: (f64, f64),
    shear: f64,
    translation: f64,
}

impl Default for Affine {
    fn default() -> Self {
        Self { rotation: 0.0, scale: (1.0, 1.0), shear: 0.0, translation: 0.0 }
    }
}

impl Settings for Affine {
    const NAME: &'static str = "affine";
    const SUMMARY: &'static str = "a random rotation, scale, shear and translation of an image";
}

/// A random affine map about the image's centre; bilinear, zeros outside of the image. It changes nothing until it is
/// told what to change: `affine().with_rotation(15.0).with_scale(0.9, 1.1)`.
///
/// ```
/// use relata_data::view::{Augment, affine};
///
/// let view = affine().with_rotation(15.0).with_scale(0.9, 1.1);
/// assert_eq!(view.describe().to_string(), "affine rotation=15.0 scale=[0.9, 1.1] shear=0.0 translation=0.0");
/// ```
pub fn affine() -> Affine {
    Affine::default()
}

impl Affine {
    /// Turns by an angle uniform in `-degrees..degrees`.
    ///
    /// ```
    /// use relata_data::view::{Augment, affine};
    ///
    /// assert_eq!(affine().with_rotation(15.0).describe()["rotation"], 15.0);
    /// ```
    pub fn with_rotation(mut self, degrees: f64) -> Self {
        self.rotation = degrees;
        self
    }

    /// Magnifies by a factor uniform in `low..high`.
    ///
    /// ```
    /// use relata_data::view::{Augment, affine};
    ///
    /// let view = affine().with_scale(0.9, 1.1);
    /// assert_eq!(view.describe().to_string(), "affine rotation=0.0 scale=[0.9, 1.1] shear=0.0 translation=0.0");
    /// ```
    pub fn with_scale(mut self, low: f64, high: f64) -> Self {
        self.scale = (low, high);
        self
    }

    /// Slants columns (x moves with y) by an angle uniform in `-degrees..degrees`.
    ///
    /// ```
    /// use relata_data::view::{Augment, affine};
    ///
    /// assert_eq!(affine().with_shear(10.0).describe()["shear"], 10.0);
    /// ```
    pub fn with_shear(mut self, degrees: f64) -> Self {
        self.shear = degrees;
        self
    }

    /// Moves by up to this fraction of the width in x and of the height in y, each uniform in both directions.
    ///
    /// ```
    /// use relata_data::view::{Augment, affine};
    ///
    /// assert_eq!(affine().with_translation(0.1).describe()["translation"], 0.1);
    /// ```
    pub fn with_translation(mut self, fraction: f64) -> Self {
        self.translation = fraction;
        self
    }
}

impl Augment for Affine {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::image("affine", shape)?;
        let within = |name, value: f64, high: f64| {
            checks::setting("affine", name, (0.0..=high).contains(&value), &format!("in [0, {high}]"), value)
        };
        within("rotation", self.rotation, 180.0)?;
        within("shear", self.shear, 80.0)?;
        within("translation", self.translation, 1.0)?;
        let (low, high) = self.scale;
        let holds = low > 0.0 && low <= high && high.is_finite();
        checks::setting("affine", "scale", holds, "a range of factors above 0", format!("{low}..{high}"))
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let Some((_, height, width)) = view.shape.as_image() else { return };
        let (sin, cos) = uniform(rng, -self.rotation, self.rotation).to_radians().sin_cos();
        let scale = uniform(rng, self.scale.0, self.scale.1);
        let slant = uniform(rng, -self.shear, self.shear).to_radians().tan();
        let dx = uniform(rng, -self.translation, self.translation) * width as f32;
        let dy = uniform(rng, -self.translation, self.translation) * height as f32;
        warp(view, inverse(sin, cos, scale, slant), (dx, dy));
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

/// The inverse of rotation x scale x shear, which is what a warp samples at.
fn inverse(sin: f32, cos: f32, scale: f32, slant: f32) -> [f32; 4] {
    [(cos + slant * sin) / scale, (sin - slant * cos) / scale, -sin / scale, cos / scale]
}

#[cfg(test)]
mod tests {
    use relata_schemas::Element;

    use super::super::fixture;
    use super::super::rotate::rotate;
    use super::*;

    #[test]
    fn the_inverse_undoes_rotation_scale_and_shear() {
        let (sin, cos) = 0.7f32.sin_cos();
        let (scale, slant) = (1.3, 0.4);
        // R [[1, slant], [0, 1]] s, multiplied out.
        let forward = [scale * cos, scale * (cos * slant - sin), scale * sin, scale * (sin * slant + cos)];
        let [a, b, c, d] = inverse(sin, cos, scale, slant);
        let [e, f, g, h] = forward;
        for (entry, expected) in
            [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h].into_iter().zip([1.0, 0.0, 0.0, 1.0])
        {
            assert!((entry - expected).abs() < 1e-6);
        }
    }

    fn image() -> (FeatureShape, Vec<f32>) {
        let shape = FeatureShape::image(1, 12, 16, Element::F32);
        let values = (0..shape.len()).map(|v| ((v * 31) % 17) as f32 / 16.0).collect();
        (shape, values)
    }

    #[test]
    fn by_default_nothing_changes_and_rotation_alone_is_rotate() {
        let (shape, values) = image();
        assert_eq!(fixture::apply(&affine(), &shape, &values, 1), values);
        let turned = fixture::apply(&rotate(40.0), &shape, &values, 1);
        assert_ne!(turned, values);
        assert_eq!(fixture::apply(&affine().with_rotation(40.0), &shape, &values, 1), turned);
    }

    #[test]
    fn a_factor_of_two_magnifies_about_the_centre() {
        // A linear ramp stays one under bilinear sampling, with half of its slope.
        let shape = FeatureShape::image(1, 8, 8, Element::F32);
        let values: Vec<f32> = (0..64).map(|at| (at % 8) as f32 / 8.0).collect();
        let out = fixture::apply(&affine().with_scale(2.0, 2.0), &shape, &values, 1);
        for (at, value) in out.iter().enumerate() {
            let expected = ((at % 8) as f32 - 3.5) / 2.0 + 3.5;
            assert!((value - expected / 8.0).abs() < 1e-6);
        }
    }

    #[test]
    fn translation_stays_below_its_fraction() {
        let shape = FeatureShape::image(1, 1, 41, Element::F32);
        let mut values = vec![0.0; 41];
        values[20] = 1.0;
        let store = fixture::store(&shape, &values);
        let places: Vec<f32> = (0..500)
            .map(|seed| {
                // Without height there is no y to lose the dot in, but for its share outside of the row.
                let out = fixture::apply_in(&store, &affine().with_translation(0.25), &values, seed);
                let mass: f32 = out.iter().sum();
                out.iter().enumerate().map(|(x, v)| x as f32 * v).sum::<f32>() / mass - 20.0
            })
            .collect();
        let (low, high) = places.iter().fold((f32::MAX, f32::MIN), |(l, h), &p| (l.min(p), h.max(p)));
        assert!((-10.26..-9.9).contains(&low) && (9.9..10.26).contains(&high), "{low}..{high}");
    }
}
