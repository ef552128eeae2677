//! VICReg (Bardes, Ponce, LeCun 2022) over a graph (Balestriero and LeCun 2022), with repulsion of known negatives.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use relata_registry::Description;
use relata_schemas::InducedEdges;

use super::over_edges::squared_distances;
use super::pairs::Pairs;
use super::{GraphLoss, LossValue, zero};
use crate::{Result, SettingError};

const EPS: f64 = 1e-4;

/// See [`vicreg`].
#[derive(Debug, Clone, PartialEq)]
pub struct Vicreg {
    sim: f64,
    var: f64,
    cov: f64,
    rep: f64,
}

/// Invariance 25, variance 25, covariance 1, repulsion 1.
pub fn vicreg() -> Vicreg {
    Vicreg { sim: 25.0, var: 25.0, cov: 1.0, rep: 1.0 }
}

impl Vicreg {
    /// Weight of the invariance term: related samples come together.
    pub fn with_sim(mut self, sim: f64) -> Self {
        self.sim = sim;
        self
    }

    /// Weight of the variance term: every dimension keeps a standard deviation of at least 1.
    pub fn with_var(mut self, var: f64) -> Self {
        self.var = var;
        self
    }

    /// Weight of the covariance term: dimensions are decorrelated.
    pub fn with_cov(mut self, cov: f64) -> Self {
        self.cov = cov;
        self
    }

    /// Weight of the repulsion term: known negatives move apart.
    pub fn with_rep(mut self, rep: f64) -> Self {
        self.rep = rep;
        self
    }
}

impl GraphLoss for Vicreg {
    fn describe(&self) -> Description {
        Description::new("vicreg")
            .with("sim", &self.sim)
            .with("var", &self.var)
            .with("cov", &self.cov)
            .with("rep", &self.rep)
    }

    fn check(&self) -> Result<()> {
        for (name, value) in [("sim", self.sim), ("var", self.var), ("cov", self.cov), ("rep", self.rep)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(SettingError::new("vicreg", name, "a number of at least 0", value));
            }
        }
        Ok(())
    }

    fn forward(&self, z: Tensor<2>, edges: &InducedEdges) -> LossValue {
        let invariance = invariance(&z, &Pairs::positive(edges));
        let (variance, covariance) = spread(&z);
        let repulsion = repulsion(&z, &Pairs::negative(edges));
        let total = invariance.clone().mul_scalar(self.sim)
            + variance.clone().mul_scalar(self.var)
            + covariance.clone().mul_scalar(self.cov)
            + repulsion.clone().mul_scalar(self.rep);
        let terms = vec![
            ("invariance", invariance),
            ("variance", variance),
            ("covariance", covariance),
            ("repulsion", repulsion),
        ];
        LossValue { total, terms }
    }
}

/// sum_P w |z_i - z_j|^2 / (K sum_P w)
fn invariance(z: &Tensor<2>, positive: &Pairs) -> Tensor<1> {
    if positive.is_empty() {
        return zero(z);
    }
    let weights = positive.normalised_weights(&z.device());
    (squared_distances(z, positive) * weights).sum().div_scalar(z.dims()[1] as f64)
}

/// sum_N |w| max(0, 1 - |z_i - z_j|^2 / 2K) / sum_N |w|
fn repulsion(z: &Tensor<2>, negative: &Pairs) -> Tensor<1> {
    if negative.is_empty() {
        return zero(z);
    }
    let closeness = squared_distances(z, negative).div_scalar(-2.0 * z.dims()[1] as f64).add_scalar(1.0);
    (relu(closeness) * negative.normalised_weights(&z.device())).sum()
}

/// The variance and covariance terms, from the K x K unbiased covariance.
fn spread(z: &Tensor<2>) -> (Tensor<1>, Tensor<1>) {
    let [n, k] = z.dims();
    if n < 2 {
        return (zero(z), zero(z));
    }
    let centred = z.clone() - z.clone().mean_dim(0);
    let covariance = centred.clone().transpose().matmul(centred.clone()).div_scalar((n - 1) as f64);
    let variances = (centred.clone() * centred).sum_dim(0).div_scalar((n - 1) as f64);
    let variance = relu(variances.clone().add_scalar(EPS).sqrt().neg().add_scalar(1.0)).mean();
    // Masking the diagonal rather than subtracting its sum keeps small covariances exact beside large variances.
    let off_diagonal = Tensor::<2>::eye(k, &z.device()).neg().add_scalar(1.0);
    let covariance = covariance * off_diagonal;
    (variance, (covariance.clone() * covariance).sum().div_scalar(k as f64))
}
