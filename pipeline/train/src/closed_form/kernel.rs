//! Kernels of the closed form: similarities of two samples.

use faer::Mat;
use serde::{Deserialize, Serialize};

use crate::error::{Result, TrainError};

/// A positive semi-definite similarity of two samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kernel {
    /// x.y
    Linear,
    /// exp(-|x - y|^2 / (2 width^2))
    Rbf {
        /// The width.
        width: f64,
    },
    /// exp(-|x - y| / width), with the Euclidean norm
    Laplace {
        /// The width.
        width: f64,
    },
}

impl Kernel {
    /// The matrix `[a, b]` of kernels between two sets of samples of `features` numbers each (row-major).
    pub fn matrix(&self, a: &[f32], b: &[f32], features: usize) -> Mat<f64> {
        let view = |x: &[f32]| Mat::from_fn(x.len() / features, features, |i, k| f64::from(x[i * features + k]));
        let (a, b) = (view(a), view(b));
        let mut products = &a * b.transpose();
        if let Self::Linear = self {
            return products;
        }
        let norms = |x: &Mat<f64>| -> Vec<f64> { (0..x.nrows()).map(|i| x.row(i).squared_norm_l2()).collect() };
        let (of_a, of_b) = (norms(&a), norms(&b));
        for j in 0..products.ncols() {
            for i in 0..products.nrows() {
                let squared = (of_a[i] + of_b[j] - 2.0 * products[(i, j)]).max(0.0);
                products[(i, j)] = match *self {
                    Self::Rbf { width } => (-squared / (2.0 * width * width)).exp(),
                    Self::Laplace { width } => (-squared.sqrt() / width).exp(),
                    Self::Linear => products[(i, j)],
                };
            }
        }
        products
    }

    /// Refuses widths that make no sense.
    pub fn check(&self) -> Result<()> {
        match *self {
            Self::Rbf { width } | Self::Laplace { width } if width.is_nan() || width <= 0.0 => {
                Err(TrainError::setting("closed_form", "kernel width", "above 0", width))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kernels_match_their_formulas() {
        let (a, b) = ([0.0, 0.0, 3.0, 4.0], [3.0, 0.0]);
        assert_eq!(Kernel::Linear.matrix(&a, &b, 2)[(1, 0)], 9.0);
        let rbf = Kernel::Rbf { width: 2.0 }.matrix(&a, &b, 2);
        assert!((rbf[(0, 0)] - (-9.0f64 / 8.0).exp()).abs() < 1e-12);
        let laplace = Kernel::Laplace { width: 0.5 }.matrix(&a, &b, 2);
        assert!((laplace[(1, 0)] - (-8.0f64).exp()).abs() < 1e-12);
    }
}
