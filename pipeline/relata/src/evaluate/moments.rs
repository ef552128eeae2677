//! Mean and covariance of vectors, a pass over the blocks for each, and the principal axes.

use faer::{Mat, Side};

use super::error::{EvaluateError, Result};
use super::standardiser::mean;
use super::vectors::{Vectors, block_rows};
use relata_graph::knn::{Matrix, multiply};

/// The first two moments of vectors; memory grows with the square of their width.
#[derive(Debug, Clone)]
pub struct Moments {
    mean: Vec<f64>,
    covariance: Vec<f64>,
}

impl Moments {
    /// Measures the moments (the covariance divides by rows - 1). An error if there are fewer than two rows.
    pub fn measure(vectors: &Vectors) -> Result<Self> {
        if vectors.rows() < 2 {
            return Err(EvaluateError::TooFewRows { measure: "a covariance", expected: 2, found: vectors.rows() });
        }
        let width = vectors.width();
        let mean = mean(vectors)?;
        let mut covariance = vec![0.0; width * width];
        vectors.map_blocks(
            // A block at least as long as it is wide keeps the work in the product, not in adding up the results.
            block_rows(2 * width).max(width),
            |block| {
                let centred = block.values.chunks_exact(width).flat_map(|row| row.iter().zip(&mean));
                let centred: Vec<f64> = centred.map(|(x, mean)| f64::from(*x) - mean).collect();
                let mut part = vec![0.0; width * width];
                let rows = Matrix::rows(&centred, block.classes.len(), width);
                multiply(rows.transposed(), rows, &mut part);
                part
            },
            |part| covariance.iter_mut().zip(part).for_each(|(sum, part)| *sum += part),
        )?;
        covariance.iter_mut().for_each(|sum| *sum /= (vectors.rows() - 1) as f64);
        Ok(Self { mean, covariance })
    }

    /// The mean of every feature.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// The covariance of features i and j at `i * width + j`.
    pub fn covariance(&self) -> &[f64] {
        &self.covariance
    }

    /// The variances along the principal axes, largest first, never below 0.
    pub fn variances(&self) -> Result<Vec<f64>> {
        let values = self.matrix().self_adjoint_eigenvalues(Side::Lower).map_err(failed)?;
        Ok(values.into_iter().rev().map(|value| value.max(0.0)).collect())
    }

    /// The first `count` principal axes (fewer if the vectors are narrower) as (variance, unit vector), largest
    /// variance first. The largest component of each axis is positive, so that pictures do not flip between runs.
    pub fn principal_axes(&self, count: usize) -> Result<Vec<(f64, Vec<f64>)>> {
        let width = self.mean.len();
        let eigen = self.matrix().self_adjoint_eigen(Side::Lower).map_err(failed)?;
        let (vectors, values) = (eigen.U(), eigen.S().column_vector());
        let axis = |column: usize| {
            let mut axis: Vec<f64> = (0..width).map(|row| vectors[(row, column)]).collect();
            let largest = axis.iter().fold(0.0f64, |largest, x| if x.abs() > largest.abs() { *x } else { largest });
            if largest < 0.0 {
                axis.iter_mut().for_each(|x| *x = -*x);
            }
            (values[column].max(0.0), axis)
        };
        Ok((0..width).rev().take(count).map(axis).collect())
    }

    fn matrix(&self) -> Mat<f64> {
        let width = self.mean.len();
        Mat::from_fn(width, width, |row, column| self.covariance[row * width + column])
    }
}

fn failed(error: impl std::fmt::Debug) -> EvaluateError {
    EvaluateError::Numerics { what: "the eigenvalue decomposition of the covariance", why: format!("{error:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_and_axes() {
        let mut builder = Vectors::builder(2).unwrap();
        for row in [[1.0, 1.0], [3.0, 3.0], [1.0, 3.0], [3.0, 1.0], [0.0, 0.0], [4.0, 4.0]] {
            builder.push(&row, 0).unwrap();
        }
        let moments = Moments::measure(&builder.finish().unwrap()).unwrap();
        assert_eq!(moments.mean(), [2.0, 2.0]);
        let expected = [12.0 / 5.0, 8.0 / 5.0, 8.0 / 5.0, 12.0 / 5.0];
        assert!(moments.covariance().iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12));
        let axes = moments.principal_axes(5).unwrap();
        assert!((axes[0].0 - 4.0).abs() < 1e-12 && (axes[1].0 - 0.8).abs() < 1e-12);
        assert!(axes[0].1.iter().all(|x| (x - 0.5f64.sqrt()).abs() < 1e-12));
        assert!((moments.variances().unwrap()[1] - 0.8).abs() < 1e-12);
    }
}
