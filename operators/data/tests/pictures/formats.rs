//! Formats: every file shows four quarters, red, green, blue and white, or black, grey, grey and white.

use std::path::PathBuf;

use relata_data::source::image_folder;

use super::{pixels, read};

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/pictures/formats"))
}

#[tokio::test]
async fn every_format_shows_the_same_picture() {
    let run = tempfile::tempdir().unwrap();
    let samples = read(image_folder(folder()), run.path()).await.unwrap();
    let paths = super::column(&samples.samples_path, "path");
    assert_eq!(paths.len(), 18, "{paths:?}");
    for (row, path) in paths.iter().enumerate() {
        let found = pixels(&samples, row as u32);
        let quarter = |x: usize, y: usize| [0, 1, 2].map(|channel| found[(channel * 12 + y) * 16 + x]);
        let quarters = [quarter(3, 2), quarter(12, 2), quarter(3, 9), quarter(12, 9)];
        let expected = match path.as_str() {
            "bit.png" => [[0; 3], [0; 3], [0; 3], [255; 3]],
            path if path.starts_with("grey") => [[0; 3], [128; 3], [128; 3], [255; 3]],
            _ => [[255, 0, 0], [0, 255, 0], [0, 0, 255], [255; 3]],
        };
        // Lossy formats are a few steps off.
        let close = |a: [u8; 3], b: [u8; 3]| a.iter().zip(b).all(|(&a, b)| a.abs_diff(b) <= 6);
        assert!(quarters.iter().zip(expected).all(|(&a, b)| close(a, b)), "{path}: {quarters:?}");
    }
}
