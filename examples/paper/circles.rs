//! Four classes on four circles.

use std::f64::consts::TAU;

use rand::RngExt;
use relata::data::seed::Rng;

/// Classes: class c is on the circle of radius c + 1 around the origin.
pub const CLASSES: usize = 4;
/// Test rows.
pub const TEST: usize = 1000;

/// Rows in the plane.
pub struct Circles {
    /// Coordinates `[rows, 2]`, row-major.
    pub points: Vec<f32>,
    /// The class of each row; each class is a run of rows, and all have the same number but for one.
    pub classes: Vec<usize>,
}

impl Circles {
    /// Training rows at random angles; `noise` times a normal number is added to the radius.
    pub fn train(rows: usize, noise: f64, rng: &mut Rng) -> Self {
        let angles: Vec<f64> = (0..rows).map(|_| rng.random_range(0.0..TAU)).collect();
        Self::at(&angles, noise, rng)
    }

    /// Test rows at equally spaced angles: once around over all rows, so a quarter of a circle for each class.
    pub fn test(noise: f64, rng: &mut Rng) -> Self {
        let angles: Vec<f64> = (0..TEST).map(|row| row as f64 / TEST as f64 * TAU).collect();
        Self::at(&angles, noise, rng)
    }

    fn at(angles: &[f64], noise: f64, rng: &mut Rng) -> Self {
        let classes: Vec<usize> = (0..angles.len()).map(|row| row * CLASSES / angles.len()).collect();
        let rows = classes.iter().zip(angles);
        let points = rows.flat_map(|(&class, &angle)| {
            let radius = (class + 1) as f64 + noise * normal(rng);
            [(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]
        });
        Self { points: points.collect(), classes }
    }
}

/// A standard normal number (Box and Muller 1958).
pub fn normal(rng: &mut Rng) -> f64 {
    let (radius, angle): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    (-2.0 * radius.ln()).sqrt() * (TAU * angle).cos()
}
