//! An encoder and the projector that stands between it and the loss.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use relata_registry::Description;
use relata_schemas::FeatureShape;
use serde_json::json;

use super::mlp::Mlp;
use super::{Encoder, EncoderSpec, positive};
use crate::Result;

/// What is trained: the encoder and its projector, if there is one.
#[derive(Module, Debug)]
pub struct Model<E: Module> {
    /// From samples to embeddings.
    pub encoder: E,
    /// From embeddings to what the loss sees.
    pub projector: Option<Mlp>,
}

/// See [`EncoderSpec::project`].
#[derive(Debug, Clone)]
pub struct Projected<S> {
    encoder: S,
    projector: Vec<usize>,
}

impl<S> Projected<S> {
    pub(super) fn new(encoder: S, projector: Vec<usize>) -> Self {
        Self { encoder, projector }
    }
}

impl<S: EncoderSpec> From<S> for Projected<S> {
    /// No projector: the loss sees the embedding itself.
    fn from(encoder: S) -> Self {
        Self::new(encoder, vec![])
    }
}

impl<S: EncoderSpec> Projected<S> {
    /// Name and settings, for the plan.
    pub fn describe(&self) -> Description {
        self.encoder.describe().with("projector", &self.projector)
    }

    /// Widths of the embedding and of the projector's output.
    pub fn widths(&self, input: &FeatureShape) -> Result<(usize, usize)> {
        positive("projector", "widths", &self.projector)?;
        let width = self.encoder.width(input)?;
        Ok((width, self.projector.last().copied().unwrap_or(width)))
    }

    /// A fresh model.
    pub fn init(&self, input: &FeatureShape, device: &Device) -> Result<Model<S::Encoder>> {
        let (width, _) = self.widths(input)?;
        let encoder = self.encoder.init(input, device);
        let projector = (!self.projector.is_empty()).then(|| Mlp::new(width, &self.projector, device));
        Ok(Model { encoder, projector })
    }
}

impl<E: Encoder> Model<E> {
    /// Embeddings `[n, width]`.
    pub fn embed(&self, samples: Tensor<2>) -> Tensor<2> {
        self.encoder.forward(samples)
    }

    /// Embeddings `[n, width]` and what the loss sees `[n, projected width]`.
    pub fn forward(&self, samples: Tensor<2>) -> (Tensor<2>, Tensor<2>) {
        let embeddings = self.embed(samples);
        let projected = match &self.projector {
            Some(projector) => projector.forward(embeddings.clone()),
            None => embeddings.clone(),
        };
        (embeddings, projected)
    }
}
