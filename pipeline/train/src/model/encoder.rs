//! Encoders: burn modules that embed samples.

use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;

/// A burn module that embeds samples.
pub trait Encoder: Module + ModuleDisplay + Sync + 'static {
    /// Embeddings `[n, width]` of samples `[n, features]`; an image arrives as channels x height x width, flattened.
    fn forward(&self, samples: Tensor<2>) -> Tensor<2>;
}
