//! Samples as PNG pictures.

use std::io::Cursor;

use image::{GrayImage, ImageFormat, Luma, Rgb, RgbImage};

/// A PNG file of an image (channels x height x width, clamped to [0, 1]), each pixel being `scale` x `scale`. Images of
/// other than 1 or 3 channels show the first.
pub(crate) fn png(values: &[f32], (channels, height, width): (usize, usize, usize), scale: usize) -> Vec<u8> {
    let at = |channel: usize, x: u32, y: u32| {
        let value = values[(channel * height + y as usize / scale) * width + x as usize / scale];
        // The conversion to a byte saturates: it is the clamp to [0, 1].
        (value * 255.0).round() as u8
    };
    let (wide, high) = ((width * scale) as u32, (height * scale) as u32);
    let mut file = Cursor::new(Vec::new());
    let written = if channels == 3 {
        let picture = RgbImage::from_fn(wide, high, |x, y| Rgb([at(0, x, y), at(1, x, y), at(2, x, y)]));
        picture.write_to(&mut file, ImageFormat::Png)
    } else {
        GrayImage::from_fn(wide, high, |x, y| Luma([at(0, x, y)])).write_to(&mut file, ImageFormat::Png)
    };
    written.expect("a picture with pixels can be written to memory");
    file.into_inner()
}

/// The whole factor that makes an image's longer side at least `side` pixels.
pub(crate) fn enlargement((_, height, width): (usize, usize, usize), side: usize) -> usize {
    side.div_ceil(height.max(width))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_come_back() {
        let values = [0.0, 0.2, 1.0, 2.0, -1.0, 0.6];
        let grey = image::load_from_memory(&png(&values, (1, 2, 3), 2)).unwrap().into_luma8();
        assert_eq!(grey.dimensions(), (6, 4));
        assert_eq!(
            [(0, 0), (2, 1), (5, 1), (1, 2), (3, 3), (4, 2)].map(|(x, y)| grey.get_pixel(x, y).0[0]),
            [0, 51, 255, 255, 0, 153]
        );
        let colour = image::load_from_memory(&png(&values, (3, 1, 2), 1)).unwrap().into_rgb8();
        assert_eq!((colour.get_pixel(0, 0).0, colour.get_pixel(1, 0).0), ([0, 255, 0], [51, 255, 153]));
        assert_eq!((enlargement((1, 8, 8), 128), enlargement((1, 100, 300), 128)), (16, 1));
    }
}
