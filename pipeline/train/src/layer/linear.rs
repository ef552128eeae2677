//! Linear (dense, fully connected) layer with batch norm and ReLU.

use burn::nn::{BatchNorm, Linear};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use relata_kernels::{ConvGeometry, FilterLayout};

use super::batch_norm::{fits, normalised};
use super::fused_layer::FusedLayer;

/// `relu(norm(x W))` of samples `[n, inputs]`; a layer with a bias goes through burn's operations.
pub fn linear_norm_relu(samples: Tensor<2>, linear: &Linear, norm: &BatchNorm) -> Tensor<2> {
    if linear.bias.is_some() || !fits(norm, &samples.device()) {
        return relu(norm.forward(linear.forward(samples)));
    }
    let [rows, inputs] = samples.dims();
    let [_, outputs] = linear.weight.dims();
    let geometry = ConvGeometry::linear(rows, inputs, outputs);
    let layer =
        FusedLayer { geometry, layout: FilterLayout::linear(&geometry), rectified: true, epsilon: norm.epsilon };
    normalised(layer, samples, linear.weight.val(), norm, None, [rows, outputs])
}

#[cfg(test)]
mod tests {
    use burn::nn::{BatchNormConfig, LinearConfig};
    use burn::tensor::{Device, Distribution};

    use super::*;

    #[test]
    fn the_layer_by_the_kernels_is_the_layer_by_operations() {
        let device = Device::flex().autodiff();
        device.seed(5);
        let linear = LinearConfig::new(9, 21).with_bias(false).init(&device);
        let norm = BatchNormConfig::new(21).init(&device);
        let samples = Tensor::<2>::random([17, 9], Distribution::Normal(0.5, 1.0), &device).require_grad();
        let factors = Tensor::<2>::random([17, 21], Distribution::Normal(0.0, 1.0), &device);
        let run = |output: Tensor<2>| {
            let gradients = (output.clone() * factors.clone()).sum().backward();
            let of_samples = samples.grad(&gradients).unwrap().to_data();
            let of_filter = linear.weight.val().grad(&gradients).unwrap().to_data();
            [output.to_data(), of_samples, of_filter]
        };
        let found = run(linear_norm_relu(samples.clone(), &linear, &norm));
        let expected = run(relu(norm.forward(linear.forward(samples.clone()))));
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.shape(), expected.shape());
            for (f, e) in found.iter::<f32>().zip(expected.iter::<f32>()) {
                assert!((f - e).abs() < 1e-4 * (1.0 + e.abs()), "{f} instead of {e}");
            }
        }
    }
}
