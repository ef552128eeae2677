//! A multilayer perceptron: linear, batch norm, ReLU, and a linear layer at the end. Also the projector.
//!
//! Layers before a batch norm have no bias: it would be taken away with the mean.

use burn::module::Module;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};
use relata_registry::Description;
use relata_schemas::FeatureShape;

use super::{Encoder, EncoderSpec, positive};
use crate::layer::dense;
use crate::{Result, TrainError};

/// Hidden layers of linear, batch norm and ReLU; the last layer is linear.
#[derive(Module, Debug)]
pub struct Mlp {
    hidden: Vec<Linear>,
    norms: Vec<BatchNorm>,
    last: Linear,
}

/// See [`mlp`].
#[derive(Debug, Clone)]
pub struct MlpSpec {
    pub(super) widths: Vec<usize>,
}

/// An MLP with these layer widths; the last is the width of the embedding.
pub fn mlp<const N: usize>(widths: [usize; N]) -> MlpSpec {
    MlpSpec { widths: widths.to_vec() }
}

impl Mlp {
    /// An MLP from `input` numbers through layers of the given widths, of which there is at least one.
    pub(super) fn new(input: usize, widths: &[usize], device: &Device) -> Self {
        let inputs = std::iter::once(input).chain(widths.iter().copied());
        let layers: Vec<(usize, usize)> = inputs.zip(widths.iter().copied()).collect();
        let (hidden, last) = layers.split_at(layers.len() - 1);
        Self {
            hidden: hidden.iter().map(|&(i, o)| LinearConfig::new(i, o).with_bias(false).init(device)).collect(),
            norms: hidden.iter().map(|&(_, o)| BatchNormConfig::new(o).init(device)).collect(),
            last: LinearConfig::new(last[0].0, last[0].1).init(device),
        }
    }
}

impl Encoder for Mlp {
    fn forward(&self, samples: Tensor<2>) -> Tensor<2> {
        let layers = self.hidden.iter().zip(&self.norms);
        let hidden = layers.fold(samples, |x, (linear, norm)| dense(x, linear, norm));
        self.last.forward(hidden)
    }
}

impl EncoderSpec for MlpSpec {
    type Encoder = Mlp;

    fn describe(&self) -> Description {
        Description::new("mlp").with("widths", &self.widths)
    }

    fn width(&self, _: &FeatureShape) -> Result<usize> {
        positive("mlp", "widths", &self.widths)?;
        let last = self.widths.last().copied();
        last.ok_or_else(|| TrainError::setting("mlp", "widths", "at least one layer", "[]"))
    }

    fn init(&self, input: &FeatureShape, device: &Device) -> Mlp {
        Mlp::new(input.len(), &self.widths, device)
    }
}
