//! A sample that is an image, as a PNG that is large enough to look at.

use std::borrow::Cow;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageResult};
use relata_operators::features::FeatureStore;

/// Pixels that the longer side has at least.
const SIDE: usize = 128;

/// The image in this row (below `store.rows()`), enlarged by a whole factor so that the longer side has at least 128
/// pixels; none if the samples are vectors. Of images with other than 1 or 3 channels the first is shown. Numbers
/// outside [0, 1], as of standardised images, are brought there from the image's own range.
pub(crate) fn png(store: &FeatureStore, row: usize) -> Option<ImageResult<Vec<u8>>> {
    let dims = store.shape().as_image()?;
    let mut values = vec![0.0; store.shape().len()];
    store.read(row, &mut values);
    Some(encode(&values, dims))
}

fn encode(values: &[f32], (channels, height, width): (usize, usize, usize)) -> ImageResult<Vec<u8>> {
    let values = in_range(values);
    let planes = if channels == 3 { 3 } else { 1 };
    let scale = SIDE.div_ceil(height.max(width));
    let mut pixels = Vec::with_capacity(height * width * scale * scale * planes);
    for y in 0..height {
        let line = pixels.len();
        for x in 0..width {
            let pixel = (0..planes).map(|plane| (values[(plane * height + y) * width + x] * 255.0).round() as u8);
            for _ in 0..scale {
                pixels.extend(pixel.clone());
            }
        }
        for _ in 1..scale {
            pixels.extend_from_within(line..line + width * scale * planes);
        }
    }
    let colour = if planes == 3 { ExtendedColorType::Rgb8 } else { ExtendedColorType::L8 };
    let mut bytes = Vec::new();
    PngEncoder::new(&mut bytes).write_image(&pixels, (width * scale) as u32, (height * scale) as u32, colour)?;
    Ok(bytes)
}

fn in_range(values: &[f32]) -> Cow<'_, [f32]> {
    let low = values.iter().copied().fold(f32::INFINITY, f32::min);
    let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if low >= 0.0 && high <= 1.0 {
        return values.into();
    }
    let span = (high - low).max(f32::MIN_POSITIVE);
    values.iter().map(|value| (value - low) / span).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_become_squares_of_their_colour() {
        // Red and half grey, planes after one another.
        let values = [1.0, 0.5, 0.0, 0.5, 0.0, 0.5];
        let picture = image::load_from_memory(&encode(&values, (3, 1, 2)).unwrap()).unwrap().into_rgb8();
        assert_eq!(picture.dimensions(), (128, 64));
        for (x, y, pixel) in picture.enumerate_pixels() {
            assert_eq!(pixel.0, if x < 64 { [255, 0, 0] } else { [128; 3] }, "{x} {y}");
        }
    }

    #[test]
    fn other_ranges_are_stretched_and_large_images_stay() {
        let values: Vec<f32> = (0..200 * 150 * 2).map(|at| (at % 200) as f32 - 100.0).collect();
        let picture = image::load_from_memory(&encode(&values, (2, 150, 200)).unwrap()).unwrap().into_luma8();
        assert_eq!(picture.dimensions(), (200, 150));
        assert_eq!((picture.get_pixel(0, 9).0, picture.get_pixel(199, 9).0), ([0], [255]));
        let flat = image::load_from_memory(&encode(&[7.0; 4], (1, 2, 2)).unwrap()).unwrap().into_luma8();
        assert_eq!(flat.dimensions(), (128, 128));
    }
}
