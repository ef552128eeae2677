//! Ridge regression: the class of an embedding, by least squares on the rows whose class is known.

use rayon::prelude::*;
use relata_graph::knn::{Matrix, multiply};

use super::cholesky::Cholesky;

/// Ridge, relative to the mean diagonal entry of the normal equations.
const RIDGE: f64 = 1e-3;

/// The linear map from embeddings to the indicator of each class that fits best.
pub(super) struct RidgeClassifier {
    width: usize,
    /// Class by class.
    weights: Vec<f32>,
}

impl RidgeClassifier {
    /// Fits to rows (embeddings) of known classes below `classes`.
    pub fn fit<'a>(width: usize, classes: usize, known: impl Iterator<Item = (&'a [f32], usize)>) -> Self {
        let mut normal = vec![0f64; width * width];
        let mut right = vec![0f64; width * classes];
        for (row, class) in known {
            for (normal, x) in normal.chunks_exact_mut(width).zip(row) {
                normal.iter_mut().zip(row).for_each(|(normal, y)| *normal += f64::from(x * y));
            }
            right[class * width..][..width].iter_mut().zip(row).for_each(|(right, x)| *right += f64::from(*x));
        }
        let trace: f64 = (0..width).map(|i| normal[i * width + i]).sum();
        let ridge = (RIDGE * trace / width as f64).max(f64::MIN_POSITIVE);
        (0..width).for_each(|i| normal[i * width + i] += ridge);
        let factor = Cholesky::new(normal, width);
        right.par_chunks_mut(width).for_each(|right| factor.solve(right));
        Self { width, weights: right.into_iter().map(|weight| weight as f32).collect() }
    }

    /// The score of each class for row-major vectors: class by class.
    pub fn scores(&self, vectors: &[f32]) -> Vec<f32> {
        let rows = vectors.len() / self.width;
        let mut scores = vec![0.0; rows * self.weights.len() / self.width];
        let left = Matrix::rows(vectors, rows, self.width);
        let classes = scores.par_chunks_mut(rows.max(1)).zip(self.weights.par_chunks(self.width));
        classes.for_each(|(scores, weights)| multiply(left, Matrix::columns(weights, self.width, 1), scores));
        scores
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_map_is_recovered() {
        let rows: Vec<[f32; 2]> = (0..12).map(|at| [at as f32 * 0.5, 1.0]).collect();
        // Class 1 from the sixth row on; the closed form of a regression on one variable.
        let fit = RidgeClassifier::fit(2, 2, rows.iter().enumerate().map(|(at, row)| (&row[..], usize::from(at >= 6))));
        let scores = fit.scores(&rows.concat());
        let (mean_x, mean_y) = (2.75, 0.5);
        let (mut xy, mut xx) = (0.0, 0.0);
        for (at, row) in rows.iter().enumerate() {
            xy += (row[0] - mean_x) * (f32::from(u8::from(at >= 6)) - mean_y);
            xx += (row[0] - mean_x).powi(2);
        }
        for (at, row) in rows.iter().enumerate() {
            let expected = mean_y + xy / xx * (row[0] - mean_x);
            assert!((scores[12 + at] - expected).abs() < 0.02, "{} {expected}", scores[12 + at]);
            assert!((scores[at] + scores[12 + at] - 1.0).abs() < 0.02);
        }
    }
}
