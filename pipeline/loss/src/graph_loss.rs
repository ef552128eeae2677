//! Graph losses: the trait that every loss implements.

use burn::tensor::Tensor;
use relata_registry::Description;
use relata_schemas::InducedEdges;

use super::error::Result;

/// A loss and its parts, each a tensor of one number.
#[derive(Debug, Clone)]
pub struct LossValue {
    /// What is minimised.
    pub total: Tensor<1>,
    /// Named terms, before their coefficients.
    pub terms: Vec<(&'static str, Tensor<1>)>,
}

/// A loss over a graph. Terms without an edge to speak about are 0 and have gradient 0.
pub trait GraphLoss: Send + Sync {
    /// Name and settings, for the plan.
    fn describe(&self) -> Description;

    /// Refuses settings that make no sense.
    fn check(&self) -> Result<()>;

    /// Whether known negatives change it. A run says so where its graph has some and its loss does not use them.
    fn uses_negatives(&self) -> bool {
        true
    }

    /// Whether it says nothing where no pair is known to be alike.
    fn needs_positives(&self) -> bool {
        false
    }

    /// The loss of `z` (`[edges.nodes, K]`) under the edges among its rows.
    fn forward(&self, z: Tensor<2>, edges: &InducedEdges) -> LossValue;
}

/// A zero that is connected to `z`, so that its gradient is 0 rather than missing.
pub(super) fn zero(z: &Tensor<2>) -> Tensor<1> {
    z.clone().sum().mul_scalar(0.0)
}
