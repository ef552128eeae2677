//! Encoders: burn modules that embed samples.

use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;
use relata_schemas::TokenBags;

/// A burn module that embeds samples.
pub trait Encoder: Module + ModuleDisplay + Sync + 'static {
    /// Embeddings `[n, width]` of samples `[n, features]`; an image arrives as channels x height x width, flattened.
    fn forward(&self, samples: Tensor<2>) -> Tensor<2>;

    /// Embeddings of rows of a table, whose texts come as bags of tokens. Only an encoder whose specification asks for
    /// bags has to have it.
    fn forward_bags(&self, samples: Tensor<2>, bags: &TokenBags) -> Tensor<2> {
        debug_assert!(bags.is_empty());
        self.forward(samples)
    }
}
