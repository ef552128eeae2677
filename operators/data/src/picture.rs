//! Drawing of a sample that is an image, as pixels or PNG.

use std::io::Cursor;

use image::imageops::{FilterType, resize};
use image::{ImageFormat, Rgb, RgbImage};

use crate::Result;
use crate::feature_store::FeatureStore;
use crate::index::Row;

/// The image in a row (below `store.rows()`); none if the samples are vectors.
pub fn picture(store: &FeatureStore, row: Row) -> Result<Option<RgbImage>> {
    let Some(dims) = store.shape().as_image() else { return Ok(None) };
    let mut values = vec![0.0; store.shape().len()];
    store.read(row, &mut values)?;
    Ok(Some(pixels(&values, dims)))
}

/// The pixels of an image of (channels, height, width), planes after one another. Of images with other than 1 or 3
/// channels the first is shown. Numbers outside [0, 1], as of standardised images, are brought there from the image's
/// own range.
pub fn pixels(values: &[f32], (channels, height, width): (usize, usize, usize)) -> RgbImage {
    let low = values.iter().copied().fold(f32::INFINITY, f32::min);
    let high = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (low, span) = if low >= 0.0 && high <= 1.0 { (0.0, 1.0) } else { (low, (high - low).max(f32::MIN_POSITIVE)) };
    let planes = if channels == 3 { [0, 1, 2] } else { [0; 3] };
    RgbImage::from_fn(width as u32, height as u32, |x, y| {
        let at = |plane: usize| values[(plane * height + y as usize) * width + x as usize];
        Rgb(planes.map(|plane| (255.0 * (at(plane) - low) / span).round() as u8))
    })
}

/// The picture enlarged by the whole factor that makes its longer side at least `side` pixels.
pub fn enlarged(picture: &RgbImage, side: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let factor = side.div_ceil(width.max(height).max(1)).max(1);
    resize(picture, width * factor, height * factor, FilterType::Nearest)
}

/// The picture as a PNG file.
pub fn png(picture: &RgbImage) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.write_to(&mut file, ImageFormat::Png).expect("an image has pixels, and memory takes them");
    file.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_become_squares_of_their_colour() {
        // Red and half grey, planes after one another.
        let small = pixels(&[1.0, 0.5, 0.0, 0.5, 0.0, 0.5], (3, 1, 2));
        let read = image::load_from_memory(&png(&enlarged(&small, 128))).unwrap().into_rgb8();
        assert_eq!(read.dimensions(), (128, 64));
        for (x, y, pixel) in read.enumerate_pixels() {
            assert_eq!(pixel.0, if x < 64 { [255, 0, 0] } else { [128; 3] }, "{x} {y}");
        }
    }

    #[test]
    fn other_ranges_are_stretched_and_large_images_stay() {
        let values: Vec<f32> = (0..200 * 150 * 2).map(|at| (at % 200) as f32 - 100.0).collect();
        let large = enlarged(&pixels(&values, (2, 150, 200)), 128);
        assert_eq!(large.dimensions(), (200, 150));
        assert_eq!((large.get_pixel(0, 9).0, large.get_pixel(199, 9).0), ([0; 3], [255; 3]));
        assert_eq!(enlarged(&pixels(&[7.0; 4], (1, 2, 2)), 128).dimensions(), (128, 128));
    }
}
