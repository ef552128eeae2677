//! Rotation view.

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::uniform;
use super::warp::warp;
use crate::Result;
use crate::seed::Rng;

/// See [`rotate`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rotate {
    degrees: f64,
}

impl Default for Rotate {
    fn default() -> Self {
        Self { degrees: 15.0 }
    }
}

impl Settings for Rotate {
    const NAME: &'static str = "rotate";
    const SUMMARY: &'static str = "random rotation of an image";
}

/// Turns an image about its centre by an angle uniform in `-degrees..degrees`; bilinear, zeros outside of the image.
///
/// ```
/// use relata_data::view::{Augment, rotate};
///
/// let view = rotate(15.0);
/// assert_eq!(view.describe().to_string(), "rotate degrees=15.0");
/// ```
pub fn rotate(degrees: f64) -> Rotate {
    Rotate { degrees }
}

impl Augment for Rotate {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::image("rotate", shape)?;
        checks::setting("rotate", "degrees", (0.0..=180.0).contains(&self.degrees), "in [0, 180]", self.degrees)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let (sin, cos) = uniform(rng, -self.degrees, self.degrees).to_radians().sin_cos();
        warp(view, [cos, sin, -sin, cos], (0.0, 0.0));
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
    fn no_rotation_is_the_identity() {
        let shape = FeatureShape::image(2, 7, 10, Element::F32);
        let values: Vec<f32> = (0..140).map(|v| v as f32 / 140.0).collect();
        assert_eq!(fixture::apply(&rotate(0.0), &shape, &values, 5), values);
    }

    #[test]
    fn a_dot_moves_on_a_circle_by_every_allowed_angle() {
        // A dot 10 pixels to the right of the centre; the centre of mass of its image tells the angle.
        let shape = FeatureShape::image(1, 29, 29, Element::F32);
        let mut values = vec![0.0; 29 * 29];
        values[14 * 29 + 24] = 1.0;
        let store = fixture::store(&shape, &values);
        let (mut low, mut high) = (f32::MAX, f32::MIN);
        for seed in 0..500 {
            let out = fixture::apply_in(&store, &rotate(60.0), &values, seed);
            let mass: f32 = out.iter().sum();
            let moment = |f: fn(usize) -> usize| {
                out.iter().enumerate().map(|(at, v)| v * (f(at) as f32 - 14.0)).sum::<f32>() / mass
            };
            let (x, y) = (moment(|at| at % 29), moment(|at| at / 29));
            assert!((x.hypot(y) - 10.0).abs() < 0.5, "({x}, {y})");
            let angle = y.atan2(x).to_degrees();
            (low, high) = (low.min(angle), high.max(angle));
        }
        assert!((-63.0..-56.0).contains(&low) && (56.0..63.0).contains(&high), "{low}..{high}");
    }
}
