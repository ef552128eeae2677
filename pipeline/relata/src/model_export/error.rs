//! Errors of exporting a model.

/// Why a model cannot be written for other programs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelExportError {
    /// The weights are no safetensors, or not of 32-bit floats.
    #[error("expected weights of 32-bit floats in the safetensors format, found {found}. Train the run again.")]
    Weights {
        /// What was found.
        found: String,
    },
    /// A layer names a tensor that the weights do not have.
    #[error(
        "the layers of the encoder read the tensor `{tensor}`, but the weights have {}. Correct `EncoderSpec::layers` of the encoder.",
        found.join(", ")
    )]
    NoTensor {
        /// What the layer reads.
        tensor: String,
        /// The tensors that there are.
        found: Vec<String>,
    },
    /// A tensor has another number of dimensions than its layer.
    #[error(
        "the tensor `{tensor}` should have {expected} dimensions and has the shape {found:?}. Correct `EncoderSpec::layers` of the encoder."
    )]
    Shape {
        /// The tensor.
        tensor: String,
        /// How many dimensions the layer needs.
        expected: usize,
        /// Its shape.
        found: Vec<usize>,
    },
}
