//! Shift view (translation by whole pixels).

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::index;
use crate::Result;
use crate::seed::Rng;

/// See [`shift`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Shift {
    pixels: usize,
}

impl Default for Shift {
    fn default() -> Self {
        Self { pixels: 2 }
    }
}

impl Settings for Shift {
    const NAME: &'static str = "shift";
    const SUMMARY: &'static str = "an image moved by whole pixels";
}

/// Moves an image by up to `pixels` whole pixels in x and in y, each uniform in both directions; what comes in is 0.
///
/// ```
/// use relata_data::view::{Augment, shift};
///
/// let view = shift(2);
/// assert_eq!(view.describe().to_string(), "shift pixels=2");
/// ```
pub fn shift(pixels: usize) -> Shift {
    Shift { pixels }
}

impl Augment for Shift {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::image("shift", shape)?;
        let side = shape.as_image().map_or(0, |(_, height, width)| height.max(width));
        let expected = format!("below the longer side of the image, {side}");
        checks::setting("shift", "pixels", self.pixels < side, &expected, self.pixels)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let Some((_, height, width)) = view.shape.as_image() else { return };
        let (dx, dy) = (offset(self.pixels, rng), offset(self.pixels, rng));
        for plane in view.values.chunks_exact_mut(height * width) {
            slide(plane, dy * width as isize);
            for row in plane.chunks_exact_mut(width) {
                slide(row, dx);
            }
        }
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

fn offset(pixels: usize, rng: &mut Rng) -> isize {
    index(rng, 2 * pixels + 1) as isize - pixels as isize
}

/// Moves numbers towards the end (`by` above 0) or the start, and fills with zeros.
fn slide(numbers: &mut [f32], by: isize) {
    let len = numbers.len();
    let gap = by.unsigned_abs().min(len);
    if by > 0 {
        numbers.copy_within(..len - gap, gap);
        numbers[..gap].fill(0.0);
    } else {
        numbers.copy_within(gap.., 0);
        numbers[len - gap..].fill(0.0);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use relata_schemas::Element;

    use super::super::fixture;
    use super::*;

    /// The image moved by (dx, dy), pixel by pixel.
    fn twin(values: &[f32], height: isize, width: isize, dx: isize, dy: isize) -> Vec<f32> {
        let mut out = vec![0.0; values.len()];
        for (at, out) in out.iter_mut().enumerate() {
            let at = at as isize;
            let (plane, y, x) = (at / (height * width), at / width % height - dy, at % width - dx);
            if (0..height).contains(&y) && (0..width).contains(&x) {
                *out = values[((plane * height + y) * width + x) as usize];
            }
        }
        out
    }

    #[test]
    fn every_offset_and_nothing_else_is_drawn() {
        let shape = FeatureShape::image(2, 4, 3, Element::F32);
        let values: Vec<f32> = (1..=24).map(|v| v as f32).collect();
        let store = fixture::store(&shape, &values);
        let twins: Vec<_> = (-2..=2)
            .flat_map(|dy| (-2..=2).map(move |dx| (dx, dy)))
            .map(|(dx, dy)| twin(&values, 4, 3, dx, dy))
            .collect();
        let seen: HashSet<_> = (0..600)
            .map(|seed| {
                let out = fixture::apply_in(&store, &shift(2), &values, seed);
                twins.iter().position(|twin| *twin == out).expect("a shift by at most 2 pixels")
            })
            .collect();
        assert_eq!(seen.len(), 25);
    }

    #[test]
    fn an_offset_beyond_the_image_leaves_zeros() {
        let mut row = [1.0, 2.0];
        slide(&mut row, -5);
        assert_eq!(row, [0.0, 0.0]);
    }
}
