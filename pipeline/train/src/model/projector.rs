//! Projector: an MLP between an encoder and the loss in training. The embedding is the encoder's output.

use burn::module::Module;
use burn::tensor::Tensor;
use relata_schemas::TokenBags;

use super::encoder::Encoder;
use super::mlp::Mlp;

/// What is trained: the encoder and its projector, if there is one.
#[derive(Module, Debug)]
pub struct Model<E: Module> {
    /// From samples to embeddings.
    pub encoder: E,
    /// From embeddings to what the loss sees.
    pub projector: Option<Mlp>,
}

impl<E: Encoder> Model<E> {
    /// Embeddings `[n, width]`, of samples that may have bags of tokens.
    pub fn embed(&self, samples: Tensor<2>, bags: &TokenBags) -> Tensor<2> {
        match bags.is_empty() {
            true => self.encoder.forward(samples),
            false => self.encoder.forward_bags(samples, bags),
        }
    }

    /// Embeddings `[n, width]` and what the loss sees `[n, projected width]`.
    pub fn forward(&self, samples: Tensor<2>, bags: &TokenBags) -> (Tensor<2>, Tensor<2>) {
        let embeddings = self.embed(samples, bags);
        let projected = match &self.projector {
            Some(projector) => projector.forward(embeddings.clone()),
            None => embeddings.clone(),
        };
        (embeddings, projected)
    }
}
