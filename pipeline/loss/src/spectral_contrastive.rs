//! The spectral contrastive loss (HaoChen et al. 2021) with a signed graph: known negatives repel.

use burn::tensor::Tensor;
use relata_registry::Description;
use relata_schemas::InducedEdges;

use super::over_edges::neighbour_sums;
use super::pairs::Pairs;
use super::{GraphLoss, LossValue, zero};
use crate::Result;

/// See [`spectral_contrastive`].
#[derive(Debug, Clone, PartialEq)]
pub struct SpectralContrastive;

/// -2 sum_E w z_i.z_j / sum_E |w| + mean over i != j of (z_i.z_j)^2
pub fn spectral_contrastive() -> SpectralContrastive {
    SpectralContrastive
}

impl GraphLoss for SpectralContrastive {
    fn describe(&self) -> Description {
        Description::new("spectral_contrastive")
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
    let pairs = Pairs { src: edges.src.clone(), dst: edges.dst.clone(), weight: vec![] };
    // Each edge is met at both of its ends.
    (z.clone() * neighbour_sums(z, &pairs, weights)).sum().div_scalar(2.0)
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
