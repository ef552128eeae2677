//! Contact sheets: samples and their views side by side, because a wrong view is seen sooner than measured.

use std::io::Cursor;
use std::path::Path;

use image::{ImageFormat, Rgb, RgbImage};
use relata_schemas::FeatureShape;

use super::batch::Views;
use crate::feature_store::FeatureStore;
use crate::index::Row;
use crate::sink::write_atomically;
use crate::{DataError, Result};

/// Lines of a sheet at most, so that a whole dataset by mistake is not a picture of gigabytes.
const MAX_LINES: usize = 256;
/// Pixels that the longer side of a panel has at least.
const MIN_SIDE: usize = 64;
/// Pixels that a bar chart is wide at most; of longer vectors it shows evenly spaced features.
const MAX_CHART: usize = 256;
const GAP: usize = 6;
const FRAME: usize = 3;
const BACKGROUND: Rgb<u8> = Rgb([238, 238, 238]);
const FRAME_COLOUR: Rgb<u8> = Rgb([38, 110, 190]);
const CHART_COLOUR: Rgb<u8> = Rgb([255, 255, 255]);
const BAR_COLOUR: Rgb<u8> = Rgb([70, 80, 95]);

/// One line per row (at most 256 of them): the sample in a frame, then its views of this epoch. Images are scaled up
/// by whole factors to at least 64 pixels, clamped to [0, 1]; of those with other than 1 or 3 channels the first is
/// shown. Vectors are bar charts from 0, on one scale per line: from its smallest to its largest number.
/// Rows are below `store.rows()`, and `views` has been checked against the store's shape.
pub fn contact_sheet(store: &FeatureStore, rows: &[Row], views: &Views, epoch: u64) -> Result<RgbImage> {
    let rows = &rows[..rows.len().min(MAX_LINES)];
    let shape = store.shape();
    let width = shape.len();
    let (panel_width, panel_height) = panel_size(shape);
    let (across, down) = (panel_width + GAP, panel_height + GAP);
    let columns = views.count() + 1;
    let mut sheet = RgbImage::from_pixel((columns * across + GAP) as u32, (rows.len() * down + GAP) as u32, BACKGROUND);
    let mut made = Vec::new();
    views.write_batch(store, rows, epoch, &mut made)?;
    let mut original = vec![0.0; width];
    for (line, &row) in rows.iter().enumerate() {
        store.read(row, &mut original)?;
        let made: Vec<&[f32]> = made.chunks_exact(width).skip(line).step_by(rows.len()).collect();
        let numbers = || original.iter().chain(made.iter().copied().flatten()).copied();
        let range = (numbers().fold(f32::INFINITY, f32::min), numbers().fold(f32::NEG_INFINITY, f32::max));
        let top = GAP + line * down;
        let frame = (GAP - FRAME, top - FRAME, panel_width + 2 * FRAME, panel_height + 2 * FRAME);
        fill(&mut sheet, frame, FRAME_COLOUR);
        for (column, values) in std::iter::once(&original[..]).chain(made.iter().copied()).enumerate() {
            let panel = (GAP + column * across, top, panel_width, panel_height);
            match shape.as_image() {
                Some(dims) => draw_image(&mut sheet, panel, values, dims),
                None => draw_bars(&mut sheet, panel, values, range),
            }
        }
    }
    Ok(sheet)
}

/// Writes a picture as a PNG file, which appears whole or not at all.
pub fn save_png(path: &Path, picture: &RgbImage) -> Result<()> {
    let mut bytes = Vec::new();
    picture
        .write_to(&mut Cursor::new(&mut bytes), ImageFormat::Png)
        .map_err(|error| DataError::Io { path: path.to_path_buf(), source: std::io::Error::other(error) })?;
    write_atomically(path, &bytes)
}

/// Left, top, width and height, in pixels.
type Rectangle = (usize, usize, usize, usize);

fn panel_size(shape: &FeatureShape) -> (usize, usize) {
    match shape.as_image() {
        Some((_, height, width)) => {
            let scale = MIN_SIDE.div_ceil(height.max(width));
            (width * scale, height * scale)
        }
        None => (shape.len().min(MAX_CHART) * MIN_SIDE.div_ceil(shape.len()), MIN_SIDE),
    }
}

fn fill(sheet: &mut RgbImage, (left, top, width, height): Rectangle, colour: Rgb<u8>) {
    for y in top..top + height {
        for x in left..left + width {
            sheet.put_pixel(x as u32, y as u32, colour);
        }
    }
}

fn draw_image(sheet: &mut RgbImage, panel: Rectangle, values: &[f32], dims: (usize, usize, usize)) {
    let (channels, height, width) = dims;
    let (left, top, panel_width, _) = panel;
    let scale = panel_width / width;
    let colour_planes = if channels == 3 { [0, 1, 2] } else { [0; 3] };
    for y in 0..height {
        for x in 0..width {
            // The conversion to a byte saturates: it is the clamp to [0, 1].
            let pixel = colour_planes.map(|c| (values[(c * height + y) * width + x] * 255.0).round() as u8);
            fill(sheet, (left + x * scale, top + y * scale, scale, scale), Rgb(pixel));
        }
    }
}

fn draw_bars(sheet: &mut RgbImage, panel: Rectangle, values: &[f32], (low, high): (f32, f32)) {
    let (left, top, width, height) = panel;
    fill(sheet, panel, CHART_COLOUR);
    let level = |value: f32| {
        let share = (value - low) / (high - low).max(f32::MIN_POSITIVE);
        (share.clamp(0.0, 1.0) * height as f32).round() as usize
    };
    let base = level(low.max(0.0).min(high));
    let bars = values.len().min(MAX_CHART);
    let bar_width = width / bars;
    for bar in 0..bars {
        let end = level(values[bar * values.len() / bars]);
        let (lower, upper) = (base.min(end), base.max(end));
        // Wide bars are told apart by a gap, narrow ones are an outline.
        let drawn = if bar_width > 2 { bar_width - 1 } else { bar_width };
        fill(sheet, (left + bar * bar_width, top + height - upper, drawn, upper - lower), BAR_COLOUR);
    }
}

#[cfg(test)]
mod tests {
    use relata_schemas::Element;

    use super::*;
    use crate::view::{AugmentExt, dropout, fixture, flip, identity};

    #[test]
    fn images_are_enlarged_beside_their_framed_original() {
        let shape = FeatureShape::image(3, 1, 2, Element::F32);
        // A pixel that is red beyond the range, then one of green 0.6 and blue 0.2; and a black row.
        let store = fixture::store(&shape, &[2.0, 0.0, -1.0, 0.6, 0.0, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let views = Views::new(2, identity().then(flip().with_probability(1.0)), 0);
        let sheet = contact_sheet(&store, &[Row(1), Row(0)], &views, 0).unwrap();
        assert_eq!(sheet.dimensions(), ((3 * (64 + GAP) + GAP) as u32, (2 * (32 + GAP) + GAP) as u32));
        let at = |x: usize, y: usize| sheet.get_pixel(x as u32, y as u32).0;
        let line = GAP + 32 + GAP;
        let (red, mixed) = ([255, 0, 0], [0, 153, 51]);
        assert_eq!((at(GAP, GAP), at(GAP + 63, GAP + 31)), ([0; 3], [0; 3]));
        assert_eq!((at(GAP, line), at(GAP + 31, line + 31), at(GAP + 32, line)), (red, red, mixed));
        for view in 1..=2 {
            let left = GAP + view * (64 + GAP);
            assert_eq!((at(left + 31, line), at(left + 32, line)), (mixed, red));
        }
        assert_eq!((at(GAP - 1, line), at(0, 0)), (FRAME_COLOUR.0, BACKGROUND.0));
    }

    #[test]
    fn vectors_are_bars_from_zero_on_the_scale_of_their_line() {
        let shape = FeatureShape::vector(4);
        let store = fixture::store(&shape, &[3.0, -1.0, 0.0, 1.0]);
        let sheet = contact_sheet(&store, &[Row(0)], &Views::new(1, dropout(1.0), 0), 0).unwrap();
        let bar = |panel: usize, bar: usize| -> Vec<u32> {
            let x = (GAP + panel * (64 + GAP) + bar * 16) as u32;
            (0..64).filter(|y| sheet.get_pixel(x, GAP as u32 + y).0 == BAR_COLOUR.0).collect()
        };
        // From -1 to 3 over 64 pixels: 16 a unit, zero after 48 of them.
        assert_eq!(bar(0, 0), (0..48).collect::<Vec<_>>());
        assert_eq!(bar(0, 1), (48..64).collect::<Vec<_>>());
        assert_eq!(bar(0, 2), Vec::<u32>::new());
        assert_eq!(bar(0, 3), (32..48).collect::<Vec<_>>());
        assert!((0..4).all(|b| bar(1, b).is_empty()));
    }

    #[test]
    fn extreme_shapes_and_constant_or_missing_numbers_are_drawn() {
        for (shape, value) in [
            (FeatureShape::vector(1000), 0.5),
            (FeatureShape::vector(1), f32::NAN),
            (FeatureShape::vector(65), f32::INFINITY),
            (FeatureShape::image(2, 300, 1, Element::F32), f32::NAN),
        ] {
            let store = fixture::store(&shape, &vec![value; shape.len()]);
            let sheet = contact_sheet(&store, &[Row(0); 300], &Views::new(1, identity(), 0), 0).unwrap();
            assert!(sheet.height() >= 256 * 64);
        }
        let store = fixture::store(&FeatureShape::vector(1), &[1.0]);
        assert_eq!(contact_sheet(&store, &[], &Views::new(1, identity(), 0), 0).unwrap().height(), GAP as u32);
    }

    #[test]
    fn png_files_hold_the_picture() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plots/sheet.png");
        let picture = RgbImage::from_fn(5, 4, |x, y| Rgb([x as u8, y as u8, 7]));
        save_png(&path, &picture).unwrap();
        assert_eq!(image::open(&path).unwrap().into_rgb8(), picture);
        assert!(save_png(folder.path(), &picture).is_err());
    }
}
