//! Gaussian blur view.

use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::augment::{Augment, View};
use super::checks;
use super::draw::uniform;
use crate::Result;
use crate::seed::Rng;

const MIN_SIGMA: f64 = 0.1;

/// See [`blur`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blur {
    max_sigma: f64,
}

impl Default for Blur {
    fn default() -> Self {
        Self { max_sigma: 1.0 }
    }
}

impl Settings for Blur {
    const NAME: &'static str = "blur";
    const SUMMARY: &'static str = "Gaussian blur of an image";
}

/// Blurs an image by a Gaussian whose standard deviation, in pixels, is uniform in `0.1..max_sigma` (as in Chen et
/// al. 2020, "A Simple Framework for Contrastive Learning of Visual Representations"). The kernel reaches three
/// standard deviations; pixels at the border are repeated outwards.
///
/// ```
/// use relata_data::view::{Augment, blur};
///
/// let view = blur(1.0);
/// assert_eq!(view.describe().to_string(), "blur max_sigma=1.0");
/// ```
pub fn blur(max_sigma: f64) -> Blur {
    Blur { max_sigma }
}

impl Augment for Blur {
    fn check(&self, shape: &FeatureShape) -> Result<()> {
        checks::image("blur", shape)?;
        let side = shape.as_image().map_or(0, |(_, height, width)| height.max(width)) as f64;
        let holds = (MIN_SIGMA..=side).contains(&self.max_sigma);
        let expected = format!("from {MIN_SIGMA} to the image's longer side, {side}");
        checks::setting("blur", "max_sigma", holds, &expected, self.max_sigma)
    }

    fn apply(&self, view: &mut View<'_>, rng: &mut Rng) {
        let sigma = uniform(rng, MIN_SIGMA, self.max_sigma);
        gaussian(view, sigma);
    }

    fn describe(&self) -> Description {
        Description::of(self)
    }
}

/// The Gaussian is a product of one in x and one in y: two passes of 2r + 1 taps instead of their square.
fn gaussian(view: &mut View<'_>, sigma: f32) {
    let Some((_, height, width)) = view.shape.as_image() else { return };
    let radius = ((3.0 * sigma).ceil() as usize).min(3 * height.max(width));
    let (plane, taps) = (height * width, 2 * radius + 1);
    let (values, room) = view.with_room(taps + plane + width + 2 * radius);
    let (kernel, room) = room.split_at_mut(taps);
    let (source, padded) = room.split_at_mut(plane);
    fill_kernel(kernel, sigma);
    for image in values.chunks_exact_mut(plane) {
        for row in image.chunks_exact_mut(width) {
            padded[..radius].fill(row[0]);
            padded[radius..radius + width].copy_from_slice(row);
            padded[radius + width..].fill(row[width - 1]);
            row.fill(0.0);
            for (tap, &weight) in kernel.iter().enumerate() {
                add_scaled(row, weight, &padded[tap..tap + width]);
            }
        }
        source.copy_from_slice(image);
        for (y, row) in image.chunks_exact_mut(width).enumerate() {
            row.fill(0.0);
            for (tap, &weight) in kernel.iter().enumerate() {
                let from = (y + tap).saturating_sub(radius).min(height - 1) * width;
                add_scaled(row, weight, &source[from..from + width]);
            }
        }
    }
}

fn fill_kernel(kernel: &mut [f32], sigma: f32) {
    let radius = (kernel.len() / 2) as f32;
    for (tap, weight) in kernel.iter_mut().enumerate() {
        *weight = (-0.5 * ((tap as f32 - radius) / sigma).powi(2)).exp();
    }
    let sum: f32 = kernel.iter().sum();
    kernel.iter_mut().for_each(|weight| *weight /= sum);
}

fn add_scaled(out: &mut [f32], weight: f32, values: &[f32]) {
    for (out, value) in out.iter_mut().zip(values) {
        *out += weight * value;
    }
}

#[cfg(test)]
mod tests {
    use relata_schemas::Element;

    use super::super::fixture;
    use super::*;

    fn blurred(shape: &FeatureShape, values: &[f32], sigma: f32) -> Vec<f32> {
        let store = fixture::store(shape, values);
        let mut out = values.to_vec();
        let mut scratch = vec![f32::NAN; 3];
        gaussian(&mut View::new(&mut out, &mut scratch, shape, &store), sigma);
        out
    }

    #[test]
    fn blur_agrees_with_the_sum_over_the_square_kernel() {
        for (height, width, sigma) in [(9, 12, 1.3f32), (1, 7, 0.8), (6, 1, 2.5), (4, 4, 0.1)] {
            let shape = FeatureShape::image(2, height, width, Element::F32);
            let values: Vec<f32> = (0..shape.len()).map(|v| ((v * 29) % 13) as f32 / 12.0).collect();
            let out = blurred(&shape, &values, sigma);
            let reach = (3.0 * sigma).ceil() as isize;
            for (at, out) in out.iter().enumerate() {
                let (plane, y, x) = (at / (height * width), at / width % height, at % width);
                let (mut sum, mut mass) = (0.0, 0.0);
                for dy in -reach..=reach {
                    for dx in -reach..=reach {
                        let weight = (-((dx * dx + dy * dy) as f64) / (2.0 * f64::from(sigma).powi(2))).exp();
                        let from_y = (y as isize + dy).clamp(0, height as isize - 1) as usize;
                        let from_x = (x as isize + dx).clamp(0, width as isize - 1) as usize;
                        sum += weight * f64::from(values[(plane * height + from_y) * width + from_x]);
                        mass += weight;
                    }
                }
                assert!((f64::from(*out) - sum / mass).abs() < 1e-5);
            }
        }
    }

    #[test]
    fn a_constant_image_stays_and_a_smaller_sigma_is_drawn_too() {
        let flat = FeatureShape::image(3, 8, 5, Element::F32);
        for seed in 0..20 {
            let out = fixture::apply(&blur(2.0), &flat, &[0.7; 120], seed);
            assert!(out.iter().all(|v| (v - 0.7).abs() < 1e-5));
        }
        let shape = FeatureShape::image(1, 1, 25, Element::F32);
        let mut dot = vec![0.0; 25];
        dot[12] = 1.0;
        let store = fixture::store(&shape, &dot);
        let peaks: Vec<f32> = (0..400).map(|seed| fixture::apply_in(&store, &blur(2.0), &dot, seed)[12]).collect();
        // At sigma 0.1 the dot is left alone; at 2.0 its peak is that of the density, 0.2.
        assert!(
            peaks.iter().any(|&p| p > 0.999) && peaks.iter().all(|&p| p > 0.195) && peaks.iter().any(|&p| p < 0.21)
        );
    }
}
