//! Projector: an MLP between an encoder and the loss in training. The embedding is the encoder's output.

use burn::module::Module;
use burn::tensor::Tensor;

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
