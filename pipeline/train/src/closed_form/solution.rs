//! Solution of the closed form: the embedding of any row.

use faer::Mat;

use super::kernel::Kernel;

/// A solved model: `embedding(x) = k(x, train) coefficients`.
#[derive(Debug, Clone, PartialEq)]
pub struct Solution {
    pub(super) kernel: Kernel,
    pub(super) features: usize,
    pub(super) width: usize,
    /// Training samples, row-major.
    pub(super) train: Vec<f32>,
    /// `[train rows, width]`, row-major.
    pub(super) coefficients: Vec<f64>,
}

impl Solution {
    /// Embeddings `[rows, width]` of samples `[rows, features]` (row-major), seen in training or not.
    pub fn embed(&self, samples: &[f32]) -> Vec<f32> {
        let n = self.train.len() / self.features;
        let coefficients = Mat::from_fn(n, self.width, |i, k| self.coefficients[i * self.width + k]);
        let embedding = self.kernel.matrix(samples, &self.train, self.features) * coefficients;
        let at = (0..embedding.nrows()).flat_map(|i| (0..self.width).map(move |k| (i, k)));
        at.map(|at| embedding[at] as f32).collect()
    }

    /// Width of the embedding.
    pub fn width(&self) -> usize {
        self.width
    }
}
