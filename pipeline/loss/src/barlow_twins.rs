//! Barlow Twins (Zbontar et al. 2021) over a graph: the cross-correlation of related samples becomes the identity.

use burn::tensor::Tensor;
use relata_registry::{Description, Settings};
use relata_schemas::InducedEdges;
use serde::{Deserialize, Serialize};

use super::edge_ops::neighbour_sums;
use super::error::{Result, SettingError};
use super::graph_loss::{GraphLoss, LossValue, zero};
use super::signed_edges::SignedEdges;

const EPS: f64 = 1e-5;

/// See [`barlow_twins`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BarlowTwins {
    lambda: f64,
}

impl Default for BarlowTwins {
    fn default() -> Self {
        Self { lambda: 5e-3 }
    }
}

impl Settings for BarlowTwins {
    const NAME: &'static str = "barlow_twins";
    const SUMMARY: &'static str = "the cross-correlation of related samples becomes the identity (Zbontar et al. 2021)";
}

/// With weight 5e-3 on the off-diagonal of the cross-correlation.
///
/// ```
/// use relata_loss::{GraphLoss, barlow_twins, score};
/// # use burn::tensor::Device;
/// # use relata_schemas::InducedEdges;
/// // Rows 0 and 1 are related, rows 0 and 2 are not.
/// let edges = InducedEdges { nodes: 3, src: vec![0, 0], dst: vec![1, 2], weight: vec![1.0, -1.0] };
/// let embeddings = vec![1.0, 0.0, 0.9, 0.1, 0.0, 1.0];
/// let loss = barlow_twins();
/// let found = score(&loss, embeddings, 2, &edges, &Device::flex());
/// assert!(found.value.is_finite());
/// assert_eq!(loss.describe().name, "barlow_twins");
/// ```
pub fn barlow_twins() -> BarlowTwins {
    BarlowTwins::default()
}

impl BarlowTwins {
    /// Weight of the off-diagonal term.
    ///
    /// ```
    /// use relata_loss::{GraphLoss, barlow_twins};
    ///
    /// assert_eq!(barlow_twins().with_lambda(0.01).describe()["lambda"], 0.01);
    /// ```
    pub fn with_lambda(mut self, lambda: f64) -> Self {
        self.lambda = lambda;
        self
    }
}

impl GraphLoss for BarlowTwins {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn check(&self) -> Result<()> {
        if self.lambda >= 0.0 && self.lambda.is_finite() {
            return Ok(());
        }
        Err(SettingError::new("barlow_twins", "lambda", "a number of at least 0", self.lambda))
    }

    fn uses_negatives(&self) -> bool {
        false
    }

    fn needs_positives(&self) -> bool {
        true
    }

    fn forward(&self, z: Tensor<2>, edges: &InducedEdges) -> LossValue {
        let positive = SignedEdges::positive(edges);
        let (on_diagonal, off_diagonal) =
            if positive.is_empty() { (zero(&z), zero(&z)) } else { correlation_terms(&z, &positive) };
        let total = on_diagonal.clone() + off_diagonal.clone().mul_scalar(self.lambda);
        LossValue { total, terms: vec![("on_diagonal", on_diagonal), ("off_diagonal", off_diagonal)] }
    }
}

fn correlation_terms(z: &Tensor<2>, positive: &SignedEdges) -> (Tensor<1>, Tensor<1>) {
    let (k, device) = (z.dims()[1], z.device());
    let centred = z.clone() - z.clone().mean_dim(0);
    let variance = (centred.clone() * centred.clone()).mean_dim(0);
    let standard = centred / variance.add_scalar(EPS).sqrt();
    let total = positive.total_weight();
    // The mean over edges in both directions, in one product.
    let weights = positive.weight.iter().map(|&w| (f64::from(w) / (2.0 * total)) as f32).collect();
    let correlation = standard.clone().transpose().matmul(neighbour_sums(&standard, positive, weights));
    let eye = Tensor::<2>::eye(k, &device);
    let on = (correlation.clone() * eye.clone()).sum_dim(1).neg().add_scalar(1.0);
    let off = correlation * eye.neg().add_scalar(1.0);
    ((on.clone() * on).sum(), (off.clone() * off).sum())
}
