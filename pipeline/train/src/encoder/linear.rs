//! One linear map, without bias: the encoder whose optimum is known in closed form.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use relata_registry::Description;
use relata_schemas::FeatureShape;

use super::{Encoder, EncoderSpec, positive};
use crate::Result;

/// `z = W x`.
#[derive(Module, Debug)]
pub struct LinearEncoder {
    linear: Linear,
}

/// See [`linear`].
#[derive(Debug, Clone)]
pub struct LinearSpec {
    width: usize,
}

/// A linear encoder to `width` dimensions.
pub fn linear(width: usize) -> LinearSpec {
    LinearSpec { width }
}

impl Encoder for LinearEncoder {
    fn forward(&self, samples: Tensor<2>) -> Tensor<2> {
        self.linear.forward(samples)
    }
}

impl EncoderSpec for LinearSpec {
    type Encoder = LinearEncoder;

    fn describe(&self) -> Description {
        Description::new("linear").with("width", &self.width)
    }

    fn width(&self, _: &FeatureShape) -> Result<usize> {
        positive("linear", "width", &[self.width])?;
        Ok(self.width)
    }

    fn init(&self, input: &FeatureShape, device: &Device) -> LinearEncoder {
        LinearEncoder { linear: LinearConfig::new(input.len(), self.width).with_bias(false).init(device) }
    }
}
