//! Architecture: any encoder, with or without projector, behind one object-safe trait.

use std::sync::Arc;

use relata_data::sample_batch::SampleContent;
use relata_loss::GraphLoss;
use relata_registry::Description;
use relata_schemas::FeatureShape;

use super::layers::Layer;
use crate::error::Result;
use crate::fit::Fit;
use crate::learner::{Head, Learner};

/// Something that can be trained: an encoder specification, or one with a projector.
pub trait Architecture: Send + Sync {
    /// Name and settings, for the plan.
    fn describe(&self) -> Description;

    /// Widths of the embedding and of what the loss sees; an error if the samples do not fit.
    fn widths(&self, input: &FeatureShape) -> Result<(usize, usize)>;

    /// What of a table's texts the encoder reads.
    fn content(&self) -> SampleContent;

    /// The layers up to a head, for other programs; none if the encoder does not say.
    fn layers(&self, _input: &FeatureShape, _head: Head) -> Option<Vec<Layer>> {
        None
    }

    /// A fresh learner, its weights drawn from the seed.
    fn learner(&self, input: &FeatureShape, loss: Arc<dyn GraphLoss>, fit: &Fit) -> Result<Box<dyn Learner>>;
}

/// Everything that names an architecture: an encoder specification, with or without a projector.
pub trait IntoArchitecture {
    /// The architecture.
    fn into_architecture(self) -> Box<dyn Architecture>;
}

impl IntoArchitecture for Box<dyn Architecture> {
    fn into_architecture(self) -> Box<dyn Architecture> {
        self
    }
}
