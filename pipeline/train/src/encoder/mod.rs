//! Encoders: modules from a sample's features to its embedding, and the specifications that build them.

mod convnet;
pub mod described;
mod linear;
mod mlp;
mod projected;
mod resnet18;

use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Device, Tensor};
use relata_registry::Description;
use relata_schemas::FeatureShape;

pub use convnet::{Convnet, ConvnetSpec, convnet};
pub use linear::{LinearEncoder, LinearSpec, linear};
pub use mlp::{Mlp, MlpSpec, mlp};
pub use projected::{Model, Projected};
pub use resnet18::{ResNet18, ResNet18Spec, resnet18};

use crate::{Result, TrainError};

/// A burn module that embeds samples.
pub trait Encoder: Module + ModuleDisplay + Sync + 'static {
    /// Embeddings `[n, width]` of samples `[n, features]`; an image arrives as channels x height x width, flattened.
    fn forward(&self, samples: Tensor<2>) -> Tensor<2>;
}

/// How an encoder is built for data of a certain shape. Implement it, and [`Encoder`], to plug in your own.
pub trait EncoderSpec: Send + Sync + 'static {
    /// The module.
    type Encoder: Encoder;

    /// Name and settings, for the plan.
    fn describe(&self) -> Description;

    /// Width of the embeddings; an error if the encoder cannot take samples of this shape.
    fn width(&self, input: &FeatureShape) -> Result<usize>;

    /// A fresh module; burn's random numbers are seeded before the call.
    fn init(&self, input: &FeatureShape, device: &Device) -> Self::Encoder;

    /// Adds a projector: an MLP whose output the loss sees in training, while the encoder's output is the embedding.
    fn project<const N: usize>(self, widths: [usize; N]) -> Projected<Self>
    where
        Self: Sized,
    {
        Projected::new(self, widths.to_vec())
    }
}

/// The dimensions of an image, or why `encoder` cannot take the samples.
fn image_dims(encoder: &str, input: &FeatureShape) -> Result<[usize; 3]> {
    match input.as_image() {
        Some((c, h, w)) => Ok([c, h, w]),
        None => Err(TrainError::setting(
            encoder,
            "input",
            "images (an arrow.fixed_shape_tensor of channels x height x width)",
            input,
        )),
    }
}

/// Refuses widths of 0.
fn positive(encoder: &str, setting: &str, widths: &[usize]) -> Result<()> {
    match widths.iter().find(|&&width| width == 0) {
        None => Ok(()),
        Some(_) => Err(TrainError::setting(encoder, setting, "above 0", format!("{widths:?}"))),
    }
}
