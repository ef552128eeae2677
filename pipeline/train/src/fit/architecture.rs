//! Any encoder, with or without projector, behind one object-safe trait.

use relata_registry::Description;
use std::sync::Arc;

use relata_schemas::FeatureShape;

use super::Fit;
use super::learner::{Learner, ModelLearner};
use crate::Result;
use crate::encoder::{EncoderSpec, Projected};
use crate::loss::GraphLoss;

/// Something that can be trained: an encoder specification, or one with a projector.
pub trait Architecture: Send + Sync {
    /// Name and settings, for the plan.
    fn describe(&self) -> Description;

    /// Widths of the embedding and of what the loss sees; an error if the samples do not fit.
    fn widths(&self, input: &FeatureShape) -> Result<(usize, usize)>;

    /// A fresh learner, its weights drawn from the seed.
    fn learner(&self, input: &FeatureShape, loss: Arc<dyn GraphLoss>, fit: &Fit) -> Result<Box<dyn Learner>>;
}

impl<S: EncoderSpec> Architecture for Projected<S> {
    fn describe(&self) -> Description {
        Projected::describe(self)
    }

    fn widths(&self, input: &FeatureShape) -> Result<(usize, usize)> {
        Projected::widths(self, input)
    }

    fn learner(&self, input: &FeatureShape, loss: Arc<dyn GraphLoss>, fit: &Fit) -> Result<Box<dyn Learner>> {
        Ok(Box::new(ModelLearner::new(self, input, loss, fit)?))
    }
}

/// Everything that names an architecture: an encoder specification, with or without a projector.
pub trait IntoArchitecture {
    /// The architecture.
    fn into_architecture(self) -> Box<dyn Architecture>;
}

impl<S: EncoderSpec> IntoArchitecture for S {
    fn into_architecture(self) -> Box<dyn Architecture> {
        Box::new(Projected::from(self))
    }
}

impl<S: EncoderSpec> IntoArchitecture for Projected<S> {
    fn into_architecture(self) -> Box<dyn Architecture> {
        Box::new(self)
    }
}

impl IntoArchitecture for Box<dyn Architecture> {
    fn into_architecture(self) -> Box<dyn Architecture> {
        self
    }
}
