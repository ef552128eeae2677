//! Sample pictures that fit into a page: a PNG within the address, or a small bar chart.

use std::fmt::Write;

use base64::prelude::{BASE64_STANDARD, Engine};
use image::imageops::thumbnail;
use relata_data::feature_store::FeatureStore;
use relata_data::index::Row;
use relata_data::picture::{picture, png};

/// Bars of a chart at most; of longer vectors each bar is the mean of a stretch.
const BARS: usize = 48;
/// The size of a chart.
const CHART: (f64, f64) = (96.0, 64.0);

/// The image in a row below `store.rows()` as a `data:` address, made smaller if a side has more than `most` pixels;
/// none if the samples are vectors. Of images with other than 1 or 3 channels the first is shown. Numbers outside
/// [0, 1], as of standardised images, are brought there from the image's own range.
pub(super) fn image(store: &FeatureStore, row: Row, most: u32) -> Option<String> {
    // A report says what it can: a file that is gone by now leaves its place empty.
    let mut picture = picture(store, row).ok()??;
    let (width, height) = picture.dimensions();
    let longer = width.max(height);
    if longer > most {
        let scaled = |side: u32| (u64::from(side) * u64::from(most) / u64::from(longer)).max(1) as u32;
        picture = thumbnail(&picture, scaled(width), scaled(height));
    }
    Some(format!("data:image/png;base64,{}", BASE64_STANDARD.encode(png(&picture))))
}

/// The vector in a row below `store.rows()` as bars from 0.
pub(super) fn bars(store: &FeatureStore, row: Row) -> String {
    let mut values = vec![0.0; store.shape().len()];
    if store.read(row, &mut values).is_err() {
        return String::new();
    }
    let bars = values.len().min(BARS);
    let stretch = |bar: usize| &values[bar * values.len() / bars..(bar + 1) * values.len() / bars];
    let heights: Vec<f64> =
        (0..bars).map(stretch).map(|part| f64::from(part.iter().sum::<f32>()) / part.len() as f64).collect();
    let low = heights.iter().copied().fold(0.0, f64::min);
    let high = heights.iter().copied().fold(0.0, f64::max);
    let y = |value: f64| CHART.1 * (high - value) / (high - low).max(f64::MIN_POSITIVE);
    let width = CHART.0 / bars as f64;
    let mut path = String::new();
    for (bar, height) in heights.iter().enumerate().filter(|(_, height)| height.is_finite()) {
        // Writing to a String cannot fail.
        let (left, wide) = (bar as f64 * width, 0.8 * width);
        let _ = write!(path, "M{left:.1} {:.1}V{:.1}h{wide:.1}V{:.1}z", y(0.0), y(*height), y(0.0));
    }
    format!("<svg class=\"bars\" viewBox=\"0 0 {} {}\"><path d=\"{path}\"/></svg>", CHART.0, CHART.1)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, FixedSizeListArray, Float32Array};
    use arrow::datatypes::{DataType, Field};
    use relata_data::feature_store::FeatureWriter;
    use relata_schemas::{Element, FeatureShape};

    use super::*;
    use crate::store::Artifact;

    fn store(folder: &std::path::Path, shape: FeatureShape, values: Vec<f32>) -> FeatureStore {
        let path = folder.join(Artifact::Features);
        let mut writer = FeatureWriter::create(&path, shape.clone()).unwrap();
        let item = Field::new("item", DataType::Float32, false);
        let values: ArrayRef = std::sync::Arc::new(Float32Array::from(values));
        let list = FixedSizeListArray::new(item.into(), shape.len() as i32, values, None);
        writer.append(&(std::sync::Arc::new(list) as ArrayRef)).unwrap();
        writer.finish().unwrap();
        FeatureStore::open(&path).unwrap()
    }

    #[test]
    fn an_image_keeps_its_pixels_and_large_ones_shrink() {
        let folder = tempfile::tempdir().unwrap();
        let shape = FeatureShape::image(3, 1, 2, Element::F32);
        let small = store(folder.path(), shape, vec![1.0, 0.0, 0.0, 1.0, 0.0, 1.0]);
        let address = image(&small, Row(0), 8).unwrap();
        assert!(address.starts_with("data:image/png;base64,iVBORw0KGgo"), "{address}");
        let large = store(folder.path(), FeatureShape::image(1, 40, 80, Element::F32), vec![0.5; 3200]);
        assert!(image(&large, Row(0), 20).unwrap().len() < image(&large, Row(0), 80).unwrap().len());
    }

    #[test]
    fn vectors_are_bars_from_zero() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path(), FeatureShape::vector(2), vec![3.0, -1.0, 0.0, 0.0]);
        assert_eq!(image(&store, Row(0), 9), None);
        let svg = bars(&store, Row(0));
        // Zero is three quarters down the 64 units.
        assert!(svg.contains("M0.0 48.0V0.0h38.4V48.0z") && svg.contains("M48.0 48.0V64.0h38.4V48.0z"), "{svg}");
        assert!(!bars(&store, Row(1)).contains("NaN"));
    }
}
