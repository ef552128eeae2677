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

    /// The kernel.
    pub fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// Training samples, `[rows, features]`, row-major.
    pub fn train(&self) -> &[f32] {
        &self.train
    }

    /// What kernels with the training samples are multiplied with, `[rows, width]`, row-major.
    pub fn coefficients(&self) -> &[f64] {
        &self.coefficients
    }

    /// The matrix `[features, width]` that embeds samples by a product; none if the kernel is not linear.
    pub fn linear_map(&self) -> Option<Vec<f32>> {
        if self.kernel != Kernel::Linear {
            return None;
        }
        let rows = self.train.len() / self.features;
        let train = Mat::from_fn(self.features, rows, |k, i| f64::from(self.train[i * self.features + k]));
        let map = train * Mat::from_fn(rows, self.width, |i, k| self.coefficients[i * self.width + k]);
        let at = (0..self.features).flat_map(|i| (0..self.width).map(move |k| (i, k)));
        Some(at.map(|at| map[at] as f32).collect())
    }

    /// Width of the embedding.
    pub fn width(&self) -> usize {
        self.width
    }
}
