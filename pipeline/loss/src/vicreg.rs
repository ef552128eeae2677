//! VICReg (Bardes, Ponce, LeCun 2022) over a graph (Balestriero and LeCun 2022), with repulsion of known negatives.

use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use relata_registry::{Description, Settings};
use relata_schemas::InducedEdges;
use serde::{Deserialize, Serialize};

use super::edge_ops::squared_distances;
use super::error::{Result, SettingError};
use super::graph_loss::{GraphLoss, LossValue, zero};
use super::signed_edges::SignedEdges;

const EPS: f64 = 1e-4;

/// See [`vicreg`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Vicreg {
    sim: f64,
    var: f64,
    cov: f64,
    rep: f64,
}

impl Default for Vicreg {
    fn default() -> Self {
        Self { sim: 25.0, var: 25.0, cov: 1.0, rep: 1.0 }
    }
}

impl Settings for Vicreg {
    const NAME: &'static str = "vicreg";
    const SUMMARY: &'static str = "related samples come together, every dimension keeps its variance, dimensions are decorrelated (Bardes et al. 2022)";
}

/// Invariance 25, variance 25, covariance 1, repulsion 1.
///
/// ```
/// use relata_loss::{GraphLoss, score, vicreg};
/// # use burn::tensor::Device;
/// # use relata_schemas::InducedEdges;
/// // Rows 0 and 1 are related, rows 0 and 2 are not.
/// let edges = InducedEdges { nodes: 3, src: vec![0, 0], dst: vec![1, 2], weight: vec![1.0, -1.0] };
/// let embeddings = vec![1.0, 0.0, 0.9, 0.1, 0.0, 1.0];
/// let loss = vicreg().with_sim(10.0);
/// let found = score(&loss, embeddings, 2, &edges, &Device::flex());
/// assert!(found.value.is_finite());
/// assert_eq!(loss.describe().name, "vicreg");
/// ```
pub fn vicreg() -> Vicreg {
    Vicreg::default()
}

impl Vicreg {
    /// Weight of the invariance term: related samples come together.
    ///
    /// ```
    /// use relata_loss::{GraphLoss, vicreg};
    ///
    /// assert_eq!(vicreg().with_sim(10.0).describe()["sim"], 10.0);
    /// ```
    pub fn with_sim(mut self, sim: f64) -> Self {
        self.sim = sim;
        self
    }

    /// Weight of the variance term: every dimension keeps a standard deviation of at least 1.
    ///
    /// ```
    /// use relata_loss::{GraphLoss, vicreg};
    ///
    /// assert_eq!(vicreg().with_var(10.0).describe()["var"], 10.0);
    /// ```
    pub fn with_var(mut self, var: f64) -> Self {
        self.var = var;
        self
    }

    /// Weight of the covariance term: dimensions are decorrelated.
    ///
    /// ```
    /// use relata_loss::{GraphLoss, vicreg};
    ///
    /// assert_eq!(vicreg().with_cov(0.5).describe()["cov"], 0.5);
    /// ```
    pub fn with_cov(mut self, cov: f64) -> Self {
        self.cov = cov;
        self
    }

    /// Weight of the repulsion term: known negatives move apart.
    ///
    /// ```
    /// use relata_loss::{GraphLoss, vicreg};
    ///
    /// assert_eq!(vicreg().with_rep(2.0).describe()["rep"], 2.0);
    /// ```
    pub fn with_rep(mut self, rep: f64) -> Self {
        self.rep = rep;
        self
    }
}

impl GraphLoss for Vicreg {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn check(&self) -> Result<()> {
        for (name, value) in [("sim", self.sim), ("var", self.var), ("cov", self.cov), ("rep", self.rep)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(SettingError::new("vicreg", name, "a number of at least 0", value));
            }
        }
        Ok(())
    }

    fn uses_negatives(&self) -> bool {
        self.rep > 0.0
    }

    fn forward(&self, z: Tensor<2>, edges: &InducedEdges) -> LossValue {
        let invariance = invariance(&z, &SignedEdges::positive(edges));
        let (variance, covariance) = variance_and_covariance(&z);
        let repulsion = repulsion(&z, &SignedEdges::negative(edges));
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
fn invariance(z: &Tensor<2>, positive: &SignedEdges) -> Tensor<1> {
    if positive.is_empty() {
        return zero(z);
    }
    let weights = positive.normalised_weights(&z.device());
    (squared_distances(z, positive) * weights).sum().div_scalar(z.dims()[1] as f64)
}

/// sum_N |w| max(0, 1 - |z_i - z_j|^2 / 2K) / sum_N |w|
fn repulsion(z: &Tensor<2>, negative: &SignedEdges) -> Tensor<1> {
    if negative.is_empty() {
        return zero(z);
    }
    let closeness = squared_distances(z, negative).div_scalar(-2.0 * z.dims()[1] as f64).add_scalar(1.0);
    (relu(closeness) * negative.normalised_weights(&z.device())).sum()
}

/// The variance and covariance terms, from the K x K unbiased covariance.
fn variance_and_covariance(z: &Tensor<2>) -> (Tensor<1>, Tensor<1>) {
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
