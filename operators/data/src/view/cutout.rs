//! Cutout: a random square of zeros (DeVries & Taylor 2017, "Improved Regularization of Convolutional Neural Networks
//! with Cutout").

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::index;
use crate::Result;
use crate::seed::Rng;

/// See [`cutout`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Cutout {
    fraction_of_side: f64,
}

impl Default for Cutout {
    fn default() -> Self {
        Self { fraction_of_side: 0.3 }
    }
}

impl Settings for Cutout {
    const NAME: &'static str = "cutout";
    const SUMMARY: &'static str = "a random square of zeros in an image";
}

/// Zeroes a square in all channels, its side this fraction of the image's shorter side (at least one pixel). Its
/// centre is uniform over the pixels, so that it may stick out of the image, as the paper recommends.
///
/// ```
/// use relata_data::view::{Augment, cutout};
///
/// let view = cutout(0.3);
/// assert_eq!(view.describe().to_string(), "cutout fraction_of_side=0.3");
/// ```
pub fn cutout(fraction_of_side: f64) -> Cutout {
    Cutout { fraction_of_side }
}

impl Augment for Cutout {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::image("cutout", shape)?;
        let holds = self.fraction_of_side > 0.0 && self.fraction_of_side <= 1.0;
        checks::setting("cutout", "fraction_of_side", holds, "in (0, 1]", self.fraction_of_side)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let Some((_, height, width)) = view.shape.as_image() else { return };
        let side = ((self.fraction_of_side * height.min(width) as f64).round() as usize).max(1);
        let rows = span(index(rng, height), side, height);
        let columns = span(index(rng, width), side, width);
        for plane in view.values.chunks_exact_mut(height * width) {
            for row in plane.chunks_exact_mut(width).take(rows.end).skip(rows.start) {
                row[columns.clone()].fill(0.0);
            }
        }
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

/// `side` pixels around `centre`, as far as they lie in `0..len`.
fn span(centre: usize, side: usize, len: usize) -> std::ops::Range<usize> {
    centre.saturating_sub(side / 2)..(centre + side.div_ceil(2)).min(len)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use relata_schemas::Element;

    use super::super::fixture;
    use super::*;

    #[test]
    fn a_square_is_zeroed_around_every_pixel() {
        let shape = FeatureShape::image(2, 6, 6, Element::F32);
        let ones = vec![1.0; 72];
        let store = fixture::store(&shape, &ones);
        let mut seen = HashSet::new();
        for seed in 0..1000 {
            let out = fixture::apply_in(&store, &cutout(0.5), &ones, seed);
            assert_eq!(out[..36], out[36..]);
            let zeros: Vec<usize> = (0..36).filter(|&at| out[at] == 0.0).collect();
            let (rows, columns): (HashSet<_>, HashSet<_>) = zeros.iter().map(|at| (at / 6, at % 6)).unzip();
            assert_eq!(zeros.len(), rows.len() * columns.len());
            assert!((2..=3).contains(&rows.len()) && (2..=3).contains(&columns.len()));
            seen.insert(zeros);
        }
        assert_eq!(seen.len(), 36);
    }
}
