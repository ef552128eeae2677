//! Spectral contrastive loss (HaoChen et al. 2021) with a signed graph: known negatives repel.

use burn::tensor::Tensor;
use relata_registry::{Description, Settings};
use relata_schemas::InducedEdges;
use serde::{Deserialize, Serialize};

use super::edge_ops::neighbour_sums;
use super::error::Result;
use super::graph_loss::{GraphLoss, LossValue, zero};
use super::signed_edges::SignedEdges;

/// See [`spectral_contrastive`].
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SpectralContrastive;

impl Settings for SpectralContrastive {
    const NAME: &'static str = "spectral_contrastive";
    const SUMMARY: &'static str =
        "related samples attract, all others repel by their squared product (HaoChen et al. 2021)";
}

/// -2 sum_E w z_i.z_j / sum_E |w| + mean over i != j of (z_i.z_j)^2
///
/// ```
/// use relata_loss::{GraphLoss, spectral_contrastive, score};
/// # use burn::tensor::Device;
/// # use relata_schemas::InducedEdges;
/// // Rows 0 and 1 are related, rows 0 and 2 are not.
/// let edges = InducedEdges { nodes: 3, src: vec![0, 0], dst: vec![1, 2], weight: vec![1.0, -1.0] };
/// let embeddings = vec![1.0, 0.0, 0.9, 0.1, 0.0, 1.0];
/// let loss = spectral_contrastive();
/// let found = score(&loss, embeddings, 2, &edges, &Device::flex());
/// assert!(found.value.is_finite());
/// assert_eq!(loss.describe().name, "spectral_contrastive");
/// ```
pub fn spectral_contrastive() -> SpectralContrastive {
    SpectralContrastive
}

impl GraphLoss for SpectralContrastive {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn check(&self) -> Result<()> {
        Ok(())
    }

    fn forward(&self, z: Tensor<2>, edges: &InducedEdges) -> LossValue {
        let attraction = attraction(&z, edges);
        let uniformity = uniformity(&z);
        let total = attraction.clone() + uniformity.clone();
        LossValue { total, terms: vec![("attraction", attraction), ("uniformity", uniformity)] }
    }
}

fn attraction(z: &Tensor<2>, edges: &InducedEdges) -> Tensor<1> {
    if edges.is_empty() {
        return zero(z);
    }
    let total: f64 = edges.weight.iter().map(|w| f64::from(w.abs())).sum();
    let weights = edges.weight.iter().map(|&w| (f64::from(w) * -2.0 / total) as f32).collect();
    let edges = SignedEdges { src: edges.src.clone(), dst: edges.dst.clone(), weight: vec![] };
    // Each edge is met at both of its ends.
    (z.clone() * neighbour_sums(z, &edges, weights)).sum().div_scalar(2.0)
}

fn uniformity(z: &Tensor<2>) -> Tensor<1> {
    let [n, k] = z.dims();
    if n < 2 {
        return zero(z);
    }
    let norms = (z.clone() * z.clone()).sum_dim(1);
    let diagonal = (norms.clone() * norms).sum();
    // |Z Z^T|_F = |Z^T Z|_F: the smaller of the two matrices is enough.
    let gram = if k <= n { z.clone().transpose().matmul(z.clone()) } else { z.clone().matmul(z.clone().transpose()) };
    ((gram.clone() * gram).sum() - diagonal).div_scalar(n as f64 * (n - 1) as f64)
}
