//! Graph losses: every loss sees a batch of embeddings and the signed, weighted edges among them.

mod barlow_twins;
mod error;
mod named;
mod nt_xent;
mod over_edges;
mod pairs;
mod score;
mod spectral_contrastive;
mod vicreg;

use burn::tensor::Tensor;
use relata_registry::Description;
use relata_schemas::InducedEdges;

pub use barlow_twins::{BarlowTwins, barlow_twins};
pub use error::{Result, SettingError};
pub use named::{LOSS_NAMES, named};
pub use nt_xent::{Denominator, NtXent, Reduction, nt_xent};
pub use score::{Score, score};
pub use spectral_contrastive::{SpectralContrastive, spectral_contrastive};
pub use vicreg::{Vicreg, vicreg};

/// A loss and its parts, each a tensor of one number.
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

    /// The loss of `z` (`[edges.nodes, K]`) under the edges among its rows.
    fn forward(&self, z: Tensor<2>, edges: &InducedEdges) -> LossValue;
}

/// A zero that is connected to `z`, so that its gradient is 0 rather than missing.
fn zero(z: &Tensor<2>) -> Tensor<1> {
    z.clone().sum().mul_scalar(0.0)
}
