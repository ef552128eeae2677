//! MLP encoder: linear layers with batch norm and ReLU, and a linear layer at the end.

use burn::tensor::Device;
use relata_registry::{Description, Settings};
use relata_schemas::FeatureShape;
use serde::{Deserialize, Serialize};

use super::architecture::Architecture;
use super::layers::Layer;
use super::spec::{EncoderSpec, Projected, positive};
use crate::error::{Result, TrainError};
use crate::model::Mlp;

/// See [`mlp`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlpSpec {
    widths: Vec<usize>,
}

impl Default for MlpSpec {
    fn default() -> Self {
        mlp([256, 64])
    }
}

impl Settings for MlpSpec {
    const NAME: &'static str = "mlp";
    const SUMMARY: &'static str = "a multilayer perceptron with batch norm and ReLU";
}

/// An MLP with these layer widths; the last is the width of the embedding.
///
/// ```
/// use relata_schemas::FeatureShape;
/// use relata_train::encoder::{EncoderSpec, mlp};
///
/// let encoder = mlp([32, 8]);
/// assert_eq!(encoder.width(&FeatureShape::vector(3))?, 8);
/// # Ok::<(), relata_train::TrainError>(())
/// ```
pub fn mlp<const N: usize>(widths: [usize; N]) -> MlpSpec {
    MlpSpec { widths: widths.to_vec() }
}

impl EncoderSpec for MlpSpec {
    type Encoder = Mlp;

    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn width(&self, _: &FeatureShape) -> Result<usize> {
        positive("mlp", "widths", &self.widths)?;
        let last = self.widths.last().copied();
        last.ok_or_else(|| TrainError::setting("mlp", "widths", "at least one layer", "[]"))
    }

    fn init(&self, input: &FeatureShape, device: &Device) -> Mlp {
        Mlp::new(input.len(), &self.widths, device)
    }

    fn layers(&self, _: &FeatureShape) -> Option<Vec<Layer>> {
        Some(Layer::mlp("encoder", self.widths.len()))
    }

    // Not generic: the training loop of this encoder is compiled here, once, and not in every crate that names it.
    #[inline(never)]
    fn architecture(self, projector: Vec<usize>) -> Box<dyn Architecture> {
        Box::new(Projected::new(self, projector))
    }
}
