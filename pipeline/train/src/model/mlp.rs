//! Multilayer perceptron (MLP): linear, batch norm, ReLU, and a linear layer at the end. It serves as an
//! encoder and as the projector.
//!
//! Layers before a batch norm have no bias: it would be taken away with the mean.

use burn::module::Module;
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig};
use burn::tensor::{Device, Tensor};

use super::encoder::Encoder;
use crate::layer::linear_norm_relu;

/// Hidden layers of linear, batch norm and ReLU; the last layer is linear.
#[derive(Module, Debug)]
pub struct Mlp {
    hidden: Vec<Linear>,
    norms: Vec<BatchNorm>,
    last: Linear,
}

impl Mlp {
    /// An MLP from `input` numbers through layers of the given widths, of which there is at least one.
    pub(crate) fn new(input: usize, widths: &[usize], device: &Device) -> Self {
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
        let hidden = layers.fold(samples, |x, (linear, norm)| linear_norm_relu(x, linear, norm));
        self.last.forward(hidden)
    }
}
