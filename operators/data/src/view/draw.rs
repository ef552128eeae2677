//! Random draws of the views, which are defined for any settings and so cannot panic.

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
