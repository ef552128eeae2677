//! Tests of pictures as people have them: formats, layouts of folders, columns of tables, what cannot be read, and
//! decoding on demand.
#![allow(clippy::unwrap_used)]

mod columns;
mod formats;
mod layouts;
mod unreadable;

use std::path::Path;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::util::display::array_value_to_string;
use image::{Rgb, RgbImage};
use relata_data::index::Row;
use relata_data::source::{Dataset, Samples, ingest, session};
use relata_data::{ParquetFile, Result};

/// Reads a dataset into a folder.
async fn read(dataset: impl Into<Dataset>, folder: &Path) -> Result<Samples> {
    ingest(&dataset.into(), &session(), folder, &mut |_| {}).await
}

/// A picture of one colour.
fn save(path: impl AsRef<Path>, height: u32, width: u32, colour: [u8; 3]) {
    std::fs::create_dir_all(path.as_ref().parent().unwrap()).unwrap();
    RgbImage::from_pixel(width, height, Rgb(colour)).save(path).unwrap();
}

/// The features of a row as bytes.
fn pixels(samples: &Samples, row: u32) -> Vec<u8> {
    let mut out = vec![f32::NAN; samples.features.shape().len()];
    samples.features.read(Row(row), &mut out).unwrap();
    out.iter().map(|value| (value * 255.0).round() as u8).collect()
}

/// A column of a Parquet file as text.
fn column(path: &Path, name: &str) -> Vec<String> {
    let batches = ParquetFile::open(path).unwrap().whole().unwrap();
    let text = |array: &ArrayRef| -> Vec<String> {
        let value =
            |row| if array.is_null(row) { "null".to_owned() } else { array_value_to_string(array, row).unwrap() };
        (0..array.len()).map(value).collect()
    };
    batches.iter().flat_map(|batch| text(&batch[name])).collect()
}

/// The numbers of the ids of samples.
fn ids(samples: &Samples) -> Vec<u64> {
    let batches = ParquetFile::open(&samples.samples_path).unwrap().whole().unwrap();
    let ids =
        batches.iter().flat_map(|batch| batch["id"].as_primitive::<arrow::datatypes::UInt64Type>().values().to_vec());
    ids.collect()
}
