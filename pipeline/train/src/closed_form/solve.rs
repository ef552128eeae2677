//! The top eigenvectors of `T - lambda K^+`, and the embedding of any row that follows from them.

use faer::{Mat, Side};
use relata_operators::edges::InducedEdges;
use serde_json::{Value, json};

use super::Kernel;
use crate::{Result, TrainError};

/// See [`closed_form`].
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedForm {
    kernel: Kernel,
    ridge: f64,
    width: usize,
}

/// Embeddings of `width` dimensions with ridge 1e-3. For training sets of up to some 10^4 rows: memory grows with their
/// square and time with their cube.
pub fn closed_form(kernel: Kernel, width: usize) -> ClosedForm {
    ClosedForm { kernel, ridge: 1e-3, width }
}

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

impl ClosedForm {
    /// The ridge `lambda`, above 0.
    pub fn with_ridge(mut self, ridge: f64) -> Self {
        self.ridge = ridge;
        self
    }

    /// Width of the embedding.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Name and settings, for the plan.
    pub fn describe(&self) -> Value {
        json!({ "trainer": "closed_form", "kernel": self.kernel, "ridge": self.ridge, "width": self.width })
    }

    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<()> {
        self.kernel.check()?;
        if !(self.ridge > 0.0 && self.ridge.is_finite()) {
            return Err(TrainError::setting("closed_form", "ridge", "above 0", self.ridge));
        }
        if self.width == 0 {
            return Err(TrainError::setting("closed_form", "width", "above 0", 0));
        }
        Ok(())
    }

    /// Solves for training samples `[edges.nodes, features]` and the edges among them; the graph's matrix `T` gets a
    /// unit diagonal.
    pub fn solve(&self, train: Vec<f32>, features: usize, edges: &InducedEdges) -> Result<Solution> {
        self.check()?;
        let n = edges.nodes;
        if self.width > n {
            return Err(TrainError::setting(
                "closed_form",
                "width",
                format!("at most {n} (training rows)"),
                self.width,
            ));
        }
        let pseudo_inverse = pseudo_inverse(&self.kernel.matrix(&train, &train, features))?;
        let mut target = &pseudo_inverse * faer::Scale(-self.ridge);
        for i in 0..n {
            target[(i, i)] += 1.0;
        }
        for at in 0..edges.len() {
            let (i, j, w) = (edges.src[at] as usize, edges.dst[at] as usize, f64::from(edges.weight[at]));
            target[(i, j)] += w;
            target[(j, i)] += w;
        }
        let decomposition =
            target.self_adjoint_eigen(Side::Lower).map_err(|e| failed("eigenvectors of the graph", e))?;
        // Eigenvalues ascend, so the top ones are the last columns.
        let vectors = decomposition.U();
        let top = Mat::from_fn(n, self.width, |i, k| vectors[(i, n - 1 - k)] * sign(vectors, n - 1 - k));
        let coefficients = &pseudo_inverse * &top * faer::Scale(self.ridge);
        Ok(Solution {
            kernel: self.kernel,
            features,
            width: self.width,
            train,
            coefficients: (0..n)
                .flat_map(|i| (0..self.width).map(move |k| (i, k)))
                .map(|at| coefficients[at])
                .collect(),
        })
    }
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

/// Pseudo-inverse of a kernel matrix; eigenvalues below 1e-5 / n are dropped.
fn pseudo_inverse(kernel: &Mat<f64>) -> Result<Mat<f64>> {
    let n = kernel.nrows();
    let decomposition = kernel.self_adjoint_eigen(Side::Lower).map_err(|e| failed("eigenvectors of the kernel", e))?;
    let (vectors, values) = (decomposition.U(), decomposition.S().column_vector());
    let kept: Vec<usize> = (0..n).filter(|&k| values[k] > 1e-5 / n as f64).collect();
    let half = Mat::from_fn(n, kept.len(), |i, k| vectors[(i, kept[k])] / values[kept[k]].sqrt());
    Ok(&half * half.transpose())
}

/// Eigenvectors have no sign of their own: the entry of the largest magnitude is made positive.
fn sign(vectors: faer::MatRef<'_, f64>, column: usize) -> f64 {
    let largest =
        (0..vectors.nrows()).map(|i| vectors[(i, column)]).fold(0.0f64, |a, b| if b.abs() > a.abs() { b } else { a });
    if largest < 0.0 { -1.0 } else { 1.0 }
}

fn failed(routine: &'static str, error: impl std::fmt::Debug) -> TrainError {
    TrainError::Numerical { routine, reason: format!("{error:?}") }
}
