//! Effective rank of a batch of embeddings.

use faer::{Mat, Side};

use crate::error::{Result, TrainError};

/// Effective rank of `rows` x `width` embeddings (row-major): exp of the entropy of the normalised singular values of
/// the centred matrix (Roy and Vetterli 2007). Between 1 (collapsed) and `width`; 0 if all rows are equal.
///
/// ```
/// use relata_train::effective_rank;
///
/// // Four rows that spread evenly in both directions, and three on a line.
/// let square = effective_rank(&[1.0, 1.0, 1.0, -1.0, -1.0, 1.0, -1.0, -1.0], 2)?;
/// let line = effective_rank(&[0.0, 0.0, 1.0, 0.0, 2.0, 0.0], 2)?;
/// assert!((square - 2.0).abs() < 1e-3 && (line - 1.0).abs() < 1e-3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn effective_rank(values: &[f32], width: usize) -> Result<f64> {
    let rows = values.len() / width;
    let mut mean = vec![0.0f64; width];
    for row in values.chunks_exact(width) {
        mean.iter_mut().zip(row).for_each(|(m, &v)| *m += f64::from(v) / rows as f64);
    }
    let centred = Mat::from_fn(rows, width, |i, k| f64::from(values[i * width + k]) - mean[k]);
    let covariance = centred.transpose() * &centred;
    let eigenvalues = covariance
        .self_adjoint_eigenvalues(Side::Lower)
        .map_err(|e| TrainError::Numerical { routine: "eigenvalues of the covariance", reason: format!("{e:?}") })?;
    let singular: Vec<f64> = eigenvalues.iter().map(|l| l.max(0.0).sqrt()).collect();
    let total: f64 = singular.iter().sum();
    if total <= 0.0 {
        return Ok(0.0);
    }
    let entropy: f64 = singular.iter().map(|s| s / total).filter(|&p| p > 0.0).map(|p| -p * p.ln()).sum();
    Ok(entropy.exp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rank_counts_equal_directions() {
        let cross = [1.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, -1.0, 0.0];
        assert!((effective_rank(&cross, 3).unwrap() - 2.0).abs() < 1e-9);
        let line = [1.0, 2.0, 2.0, 4.0, 3.0, 6.0];
        assert!((effective_rank(&line, 2).unwrap() - 1.0).abs() < 1e-6);
        assert_eq!(effective_rank(&[1.0; 8], 2).unwrap(), 0.0);
    }
}
