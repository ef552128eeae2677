//! Random draws of the views, which are defined for any settings and so cannot panic.

use std::f32::consts::TAU;

use rand::RngExt;

use crate::seed::Rng;

/// Uniform in `low..high`.
pub(super) fn uniform(rng: &mut Rng, low: f64, high: f64) -> f32 {
    (low + (high - low) * rng.random::<f64>()) as f32
}

/// True with probability `p`.
pub(super) fn chance(rng: &mut Rng, p: f64) -> bool {
    rng.random::<f64>() < p
}

/// Uniform in `0..n`; 0 if there is nothing to choose from.
pub(super) fn index(rng: &mut Rng, n: usize) -> usize {
    rng.random_range(0..n.max(1))
}

/// Two independent standard normal numbers (Box & Muller 1958).
pub(super) fn two_normals(rng: &mut Rng) -> [f32; 2] {
    // 1 - [0, 1) excludes the 0 whose logarithm would be infinite.
    let radius = (-2.0 * (1.0 - rng.random::<f32>()).ln()).sqrt();
    let (sin, cos) = (TAU * rng.random::<f32>()).sin_cos();
    [radius * cos, radius * sin]
}
