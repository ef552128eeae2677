//! Effective rank (Roy & Vetterli 2007): how many dimensions the vectors really use.

use super::error::Result;
use super::moments::Moments;

/// The exponential of the entropy of the normalised singular values of the centred vectors: 1 if they lie on a line,
/// the width if they spread evenly in all directions, 0 if they are all the same. Low values are a sign of collapse.
///
/// ```
/// use relata::evaluate::{Moments, Vectors, effective_rank};
///
/// // Three rows on a line.
/// let mut vectors = Vectors::builder(2)?;
/// for number in [0.0, 1.0, 2.0] {
///     vectors.push(&[number, 0.0], 0)?;
/// }
/// let rank = effective_rank(&Moments::measure(&vectors.finish()?)?)?;
/// assert!((rank - 1.0).abs() < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn effective_rank(moments: &Moments) -> Result<f64> {
    let mut singular: Vec<f64> = moments.variances()?.into_iter().map(f64::sqrt).collect();
    let largest = singular.first().copied().unwrap_or(0.0);
    // Directions within the rounding of 32-bit vectors would add up to spurious dimensions.
    singular.retain(|value| *value > 1e-7 * largest);
    let sum: f64 = singular.iter().sum();
    if sum == 0.0 {
        return Ok(0.0);
    }
    let entropy: f64 = singular.iter().map(|value| value / sum).map(|p| -p * p.ln()).sum();
    Ok(entropy.exp())
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use relata_data::seed;

    use super::*;
    use crate::evaluate::Vectors;

    fn rank(width: usize, mut row: impl FnMut() -> Vec<f32>) -> f64 {
        let mut builder = Vectors::builder(width).unwrap();
        (0..4000).for_each(|_| builder.push(&row(), 0).unwrap());
        effective_rank(&Moments::measure(&builder.finish().unwrap()).unwrap()).unwrap()
    }

    #[test]
    fn isotropic_flat_and_constant_samples() {
        let mut rng = seed::stream(1, &[]);
        // A sum of 12 uniform numbers is close to normal.
        let mut normal = move || (0..12).map(|_| rng.random_range(-0.5f32..0.5)).sum::<f32>();
        assert!((rank(16, || (0..16).map(|_| normal()).collect()) - 16.0).abs() < 0.1);
        assert!((rank(16, || vec![normal(); 16]) - 1.0).abs() < 1e-4);
        let two = rank(3, || vec![5.0 + normal(), normal() * 3.0, 7.0]);
        let p = [0.25f64, 0.75];
        let expected = p.iter().map(|p| -p * p.ln()).sum::<f64>().exp();
        assert!((two - expected).abs() < 0.03, "{two} and {expected}");
        assert_eq!(rank(4, || vec![1.5; 4]), 0.0);
    }
}
