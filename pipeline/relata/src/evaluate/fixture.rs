//! Fixtures: vectors in clusters, for tests.

use std::collections::BTreeSet;

use rand::RngExt;
use relata_data::seed;

use super::classes::Classes;
use super::split::Split;
use super::vectors::Vectors;

/// `rows` rows around `classes` centres; row r is of class r modulo `classes`, every number within `spread` of it.
pub fn blobs(classes: u32, rows: u32, width: usize, spread: f32, seed: u64) -> Vectors {
    let mut rng = seed::stream(9, &[]);
    let centres: Vec<f32> = (0..classes as usize * width).map(|_| rng.random_range(-2.0..2.0)).collect();
    let mut rng = seed::stream(seed, &[]);
    let mut builder = Vectors::builder(width).unwrap();
    for row in 0..rows {
        let class = row % classes;
        let centre = &centres[class as usize * width..][..width];
        let row: Vec<f32> = centre.iter().map(|c| c + spread * rng.random_range(-1.0..1.0)).collect();
        builder.push(&row, class).unwrap();
    }
    builder.finish().unwrap()
}

/// Training and test blobs around the same centres.
pub fn split(classes: u32, rows: u32, width: usize, spread: f32) -> Split {
    let names: BTreeSet<String> = (0..classes).map(|class| class.to_string()).collect();
    Split {
        train: blobs(classes, rows, width, spread, 1),
        test: blobs(classes, rows / 2, width, spread, 2),
        classes: Classes::new(names),
    }
}
