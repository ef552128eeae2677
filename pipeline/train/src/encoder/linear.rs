//! Linear encoder: one linear map, without bias: the encoder whose optimum is known in closed form.

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::architecture::Architecture;
use super::layers::Layer;
use super::spec::{EncoderSpec, Projected, positive};
use crate::error::Result;
use crate::model::Encoder;

/// `z = W x`.
#[derive(Module, Debug)]
pub struct LinearEncoder {
    linear: Linear,
}

/// See [`linear`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LinearSpec {
    width: usize,
}

impl Default for LinearSpec {
    fn default() -> Self {
        Self { width: 64 }
    }
}

impl Settings for LinearSpec {
    const NAME: &'static str = "linear";
    const SUMMARY: &'static str = "one linear map without bias";
}

/// A linear encoder to `width` dimensions.
///
/// ```
/// use relata_schemas::FeatureShape;
/// use relata_train::encoder::{EncoderSpec, linear};
///
/// let encoder = linear(8);
/// assert_eq!(encoder.width(&FeatureShape::vector(3))?, 8);
/// # Ok::<(), relata_train::TrainError>(())
/// ```
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
        Description::of(self)
    }

    fn width(&self, _: &FeatureShape) -> Result<usize> {
        positive("linear", "width", &[self.width])?;
        Ok(self.width)
    }

    fn init(&self, input: &FeatureShape, device: &Device) -> LinearEncoder {
        LinearEncoder { linear: LinearConfig::new(input.len(), self.width).with_bias(false).init(device) }
    }

    fn layers(&self, _: &FeatureShape) -> Option<Vec<Layer>> {
        Some(vec![Layer::Linear { weight: "encoder.linear.weight".to_owned(), bias: None }])
    }

    // Not generic: the training loop of this encoder is compiled here, once, and not in every crate that names it.
    #[inline(never)]
    fn architecture(self, projector: Vec<usize>) -> Box<dyn Architecture> {
        Box::new(Projected::new(self, projector))
    }
}
