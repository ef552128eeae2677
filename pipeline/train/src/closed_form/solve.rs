//! The exact optimum's settings, and the embedding of any row that follows from a solution.

use faer::Mat;
use relata_graph::InducedEdges;
use relata_registry::Description;

use super::{Kernel, Prepared};
use crate::{Result, TrainError};

/// See [`closed_form`].
#[derive(Debug, Clone, PartialEq)]
pub struct ClosedForm {
    pub(super) kernel: Kernel,
    pub(super) ridge: f64,
    pub(super) width: usize,
    pub(super) cutoff: Option<f64>,
    pub(super) normalised: bool,
}

/// Embeddings of `width` dimensions with ridge 1e-3. For training sets of up to some 10^4 rows: memory grows with their
/// square and time with their cube.
pub fn closed_form(kernel: Kernel, width: usize) -> ClosedForm {
    ClosedForm { kernel, ridge: 1e-3, width, cutoff: Some(1e-5), normalised: false }
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

    /// The pseudo-inverse of the kernel matrix takes eigenvalues below `cutoff` / rows for 0 (by default 1e-5 / rows);
    /// with none, only those that rounding cannot tell from 0.
    pub fn with_cutoff(mut self, cutoff: impl Into<Option<f64>>) -> Self {
        self.cutoff = cutoff.into();
        self
    }

    /// Divides every edge by the square roots of its rows' degrees, so that rows with many known relations do not take
    /// the top eigenvectors for themselves. With neighbours as a prior this makes a few answers harmless.
    pub fn normalised(mut self) -> Self {
        self.normalised = true;
        self
    }

    /// Width of the embedding.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Name and settings, for the plan.
    pub fn describe(&self) -> Description {
        Description::new("closed_form")
            .with("kernel", &self.kernel)
            .with("ridge", &self.ridge)
            .with("width", &self.width)
            .with("cutoff", &self.cutoff)
            .with("normalised", &self.normalised)
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
        match self.cutoff {
            Some(cutoff) if !(cutoff > 0.0 && cutoff.is_finite()) => {
                Err(TrainError::setting("closed_form", "cutoff", "above 0, or none", cutoff))
            }
            _ => Ok(()),
        }
    }

    /// Does what does not depend on the graph, once for all graphs among the same training samples `[rows, features]`.
    pub fn prepare(&self, train: Vec<f32>, features: usize) -> Result<Prepared> {
        Prepared::new(self.clone(), train, features)
    }

    /// Solves for training samples `[edges.nodes, features]` and the edges among them; the graph's matrix `T` gets a
    /// unit diagonal.
    pub fn solve(&self, train: Vec<f32>, features: usize, edges: &InducedEdges) -> Result<Solution> {
        self.prepare(train, features)?.solve(edges)
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
