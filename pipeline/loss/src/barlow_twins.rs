//! Barlow Twins (Zbontar et al. 2021) over a graph: the cross-correlation of related samples becomes the identity.

use burn::tensor::Tensor;
use relata_registry::Description;
use relata_schemas::InducedEdges;

use super::over_edges::neighbour_sums;
use super::pairs::Pairs;
use super::{GraphLoss, LossValue, zero};
use crate::{Result, SettingError};

const EPS: f64 = 1e-5;

/// See [`barlow_twins`].
#[derive(Debug, Clone, PartialEq)]
pub struct BarlowTwins {
    lambda: f64,
}

/// With weight 5e-3 on the off-diagonal of the cross-correlation.
pub fn barlow_twins() -> BarlowTwins {
    BarlowTwins { lambda: 5e-3 }
}

impl BarlowTwins {
    /// Weight of the off-diagonal term.
    pub fn with_lambda(mut self, lambda: f64) -> Self {
        self.lambda = lambda;
        self
    }
}

impl GraphLoss for BarlowTwins {
    fn describe(&self) -> Description {
        Description::new("barlow_twins").with("lambda", &self.lambda)
    }

    fn check(&self) -> Result<()> {
        if self.lambda >= 0.0 && self.lambda.is_finite() {
            return Ok(());
        }
        Err(SettingError::new("barlow_twins", "lambda", "a number of at least 0", self.lambda))
    }

    fn forward(&self, z: Tensor<2>, edges: &InducedEdges) -> LossValue {
        let positive = Pairs::positive(edges);
        let (on_diagonal, off_diagonal) =
            if positive.is_empty() { (zero(&z), zero(&z)) } else { correlation_terms(&z, &positive) };
        let total = on_diagonal.clone() + off_diagonal.clone().mul_scalar(self.lambda);
        LossValue { total, terms: vec![("on_diagonal", on_diagonal), ("off_diagonal", off_diagonal)] }
    }
}

fn correlation_terms(z: &Tensor<2>, positive: &Pairs) -> (Tensor<1>, Tensor<1>) {
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
