//! Four classes on four circles.

use std::f64::consts::TAU;

use rand::RngExt;
use relata::data::seed::Rng;

/// Classes: class c is on the circle of radius c + 1 around the origin.
pub const CLASSES: usize = 4;

/// Rows in the plane.
pub struct Circles {
    /// Coordinates `[rows, 2]`, row-major.
    pub points: Vec<f32>,
    /// The class of each row.
    pub classes: Vec<usize>,
}

impl Circles {
    /// Training rows of random classes at random angles; `noise` times a normal number is added to x and to y.
    pub fn train(rows: usize, noise: f64, rng: &mut Rng) -> Self {
        let drawn: Vec<_> = (0..rows).map(|_| (rng.random_range(0..CLASSES), rng.random_range(0.0..TAU))).collect();
        Self::at(&drawn, noise, rng)
    }

    /// Test rows: those of each class go once round its circle with equal steps.
    pub fn test(rows: usize, noise: f64, rng: &mut Rng) -> Self {
        let around = |row: usize| (row * CLASSES) as f64 / rows as f64 * TAU;
        let placed: Vec<_> = (0..rows).map(|row| (row * CLASSES / rows, around(row))).collect();
        Self::at(&placed, noise, rng)
    }

    fn at(rows: &[(usize, f64)], noise: f64, rng: &mut Rng) -> Self {
        let points = rows.iter().flat_map(|&(class, angle)| {
            let radius = (class + 1) as f64;
            let mut moved = |x: f64| (x + noise * normal(rng)) as f32;
            [moved(radius * angle.cos()), moved(radius * angle.sin())]
        });
        Self { points: points.collect(), classes: rows.iter().map(|row| row.0).collect() }
    }
}

/// A standard normal number (Box and Muller 1958).
pub fn normal(rng: &mut Rng) -> f64 {
    let (radius, angle): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    (-2.0 * radius.ln()).sqrt() * (TAU * angle).cos()
}
