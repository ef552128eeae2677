//! Convolutions with batch norm, and the feature maps between them, in whichever order of dimensions the device is fast
//! with.

use burn::nn::conv::Conv2d;
use burn::nn::{BatchNorm, PaddingConfig2d};
use burn::tensor::Tensor;
use burn::tensor::activation::relu;
use relata_kernels::{ConvGeometry, FilterLayout};

use super::batch_norm::{fits, normalised};
use super::cpu_tensor::on_cpu;
use super::fused_layer::FusedLayer;

/// A batch of feature maps. On the CPU channels are innermost, elsewhere they come before height and width.
#[derive(Debug, Clone)]
pub struct FeatureMaps {
    values: Tensor<4>,
    innermost: bool,
}

/// Activation after the batch norm of a layer.
#[derive(Debug, Clone, Copy)]
pub enum Activation<'a> {
    /// Nothing.
    Identity,
    /// ReLU.
    Relu,
    /// A residual is added, then ReLU.
    AddRelu(&'a FeatureMaps),
}

impl FeatureMaps {
    /// Samples `[n, channels * height * width]` as maps.
    pub fn of_images(samples: Tensor<2>, [channels, height, width]: [usize; 3]) -> Self {
        let [n, _] = samples.dims();
        let innermost = on_cpu(&samples.device());
        let values = match (innermost, channels) {
            // One channel lies the same way in both orders.
            (true, 1) => samples.reshape([n, height, width, 1]),
            (true, _) => samples.reshape([n, channels, height, width]).permute([0, 2, 3, 1]),
            (false, _) => samples.reshape([n, channels, height, width]),
        };
        Self { values, innermost }
    }

    /// A convolution, batch norm and what comes after it.
    pub fn layer(&self, convolution: &Conv2d, norm: &BatchNorm, activation: Activation<'_>) -> Self {
        if let Some(geometry) = self.geometry(convolution)
            && fits(norm, &self.values.device())
        {
            let residual = match activation {
                Activation::AddRelu(residual) => Some(residual.values.clone()),
                Activation::Identity | Activation::Relu => None,
            };
            let layer = FusedLayer {
                geometry,
                layout: FilterLayout::convolution(&geometry),
                rectified: !matches!(activation, Activation::Identity),
                epsilon: norm.epsilon,
            };
            let [height, width] = geometry.out();
            let shape = [geometry.images, height, width, geometry.outputs];
            let values = normalised(layer, self.values.clone(), convolution.weight.val(), norm, residual, shape);
            return Self { values, innermost: true };
        }
        let normed = norm.forward(convolution.forward(self.outermost()));
        let values = match activation {
            Activation::Identity => normed,
            Activation::Relu => relu(normed),
            Activation::AddRelu(residual) => relu(normed + residual.outermost()),
        };
        let values = if self.innermost { values.permute([0, 2, 3, 1]) } else { values };
        Self { values, innermost: self.innermost }
    }

    /// The mean over all positions, `[n, channels]`.
    pub fn pooled(self) -> Tensor<2> {
        let [n, a, b, c] = self.values.dims();
        if self.innermost {
            self.values.reshape([n, a * b, c]).mean_dim(1).reshape([n, c])
        } else {
            self.values.reshape([n, a, b * c]).mean_dim(2).reshape([n, a])
        }
    }

    /// `[n, channels, height, width]`.
    fn outermost(&self) -> Tensor<4> {
        let values = self.values.clone();
        if self.innermost { values.permute([0, 3, 1, 2]) } else { values }
    }

    /// The sizes of a convolution that the kernels can make: square, without bias, groups or dilation.
    fn geometry(&self, convolution: &Conv2d) -> Option<ConvGeometry> {
        let [kernel, kernel_width] = convolution.kernel_size;
        let [stride, stride_width] = convolution.stride;
        let padding = match convolution.padding {
            PaddingConfig2d::Valid => 0,
            PaddingConfig2d::Explicit(a, b, c, d) if a == b && b == c && c == d => a,
            _ => return None,
        };
        let plain = convolution.bias.is_none() && convolution.groups == 1 && convolution.dilation == [1, 1];
        let square = kernel == kernel_width && stride == stride_width;
        let [images, height, width, inputs] = self.values.dims();
        let fits = height + 2 * padding >= kernel && width + 2 * padding >= kernel;
        let [outputs, ..] = convolution.weight.dims();
        (self.innermost && plain && square && fits).then_some(ConvGeometry {
            images,
            height,
            width,
            inputs,
            outputs,
            kernel,
            stride,
            padding,
        })
    }
}

#[cfg(test)]
mod tests {
    use burn::module::Module;
    use burn::nn::BatchNormConfig;
    use burn::nn::conv::Conv2dConfig;
    use burn::tensor::{Device, Distribution};

    use super::*;

    fn layer(inputs: usize, outputs: usize, kernel: usize, stride: usize, device: &Device) -> (Conv2d, BatchNorm) {
        let pad = kernel / 2;
        let convolution = Conv2dConfig::new([inputs, outputs], [kernel, kernel])
            .with_stride([stride, stride])
            .with_padding(PaddingConfig2d::Explicit(pad, pad, pad, pad))
            .with_bias(false);
        (convolution.init(device), BatchNormConfig::new(outputs).init(device))
    }

    fn values_of<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
        tensor.to_data().iter::<f32>().collect()
    }

    fn assert_close(name: &str, found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len(), "{name}");
        let scale = expected.iter().fold(1e-3f32, |most, x| most.max(x.abs()));
        for (at, (f, e)) in found.iter().zip(expected).enumerate() {
            assert!((f - e).abs() < 2e-4 * scale, "{name} {at}: {f} instead of {e}");
        }
    }

    /// Output, gradients and running statistics of a block with and without the kernels.
    #[test]
    fn a_block_by_the_kernels_is_the_block_by_operations() {
        let device = Device::flex().autodiff();
        device.seed(3);
        let (first, _) = layer(3, 5, 3, 2, &device);
        let (second, _) = layer(5, 7, 3, 1, &device);
        let (shortcut, _) = layer(3, 7, 1, 2, &device);
        let samples = Tensor::<2>::random([4, 3 * 6 * 5], Distribution::Normal(0.0, 1.0), &device).require_grad();
        let weigh = |pooled: Tensor<2>| {
            let width = pooled.dims()[1];
            let factors = (0..4 * width).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<_>>();
            (pooled * Tensor::<1>::from_floats(factors.as_slice(), &device).reshape([4, width])).sum()
        };
        let run = |innermost: bool| {
            // A clone would share its running statistics.
            let norm = |channels| BatchNormConfig::new(channels).init(&device);
            let (first_norm, second_norm, shortcut_norm) = (norm(5), norm(7), norm(7));
            let mut maps = FeatureMaps::of_images(samples.clone(), [3, 6, 5]);
            if !innermost {
                maps = FeatureMaps { values: maps.outermost(), innermost };
            }
            let hidden = maps.layer(&first, &first_norm, Activation::Relu);
            let short = maps.layer(&shortcut, &shortcut_norm, Activation::Identity);
            let pooled = hidden.layer(&second, &second_norm, Activation::AddRelu(&short)).pooled();
            let gradients = weigh(pooled.clone()).backward();
            let mut found =
                vec![("output", values_of(&pooled)), ("samples", values_of(&samples.grad(&gradients).unwrap()))];
            for (name, filter) in [("first", &first), ("second", &second), ("shortcut", &shortcut)] {
                found.push((name, values_of(&filter.weight.val().grad(&gradients).unwrap())));
            }
            for (name, norm) in [("first norm", &first_norm), ("second norm", &second_norm)] {
                found.push((name, values_of(&norm.gamma.val().grad(&gradients).unwrap())));
                found.push((name, values_of(&norm.beta.val().grad(&gradients).unwrap())));
            }
            (found, values_of(&second_norm.running_mean.value_sync()), values_of(&second_norm.running_var.value_sync()))
        };
        let (expected, mean, variance) = run(false);
        let (found, found_mean, found_variance) = run(true);
        for ((name, found), (_, expected)) in found.iter().zip(&expected) {
            assert_close(name, found, expected);
        }
        assert_close("running mean", &found_mean, &mean);
        assert_close("running variance", &found_variance, &variance);
    }

    #[test]
    fn without_gradients_the_running_statistics_are_used() {
        let device = Device::flex().autodiff();
        device.seed(4);
        let (convolution, norm) = layer(2, 6, 3, 1, &device);
        let samples = Tensor::<2>::random([5, 2 * 4 * 4], Distribution::Normal(1.0, 2.0), &device);
        FeatureMaps::of_images(samples.clone(), [2, 4, 4]).layer(&convolution, &norm, Activation::Relu);
        let (convolution, norm) = (convolution.valid(), norm.valid());
        let maps = FeatureMaps::of_images(samples.inner(), [2, 4, 4]);
        let found = maps.layer(
            &convolution,
            &norm,
            Activation::AddRelu(&maps.layer(&convolution, &norm, Activation::Identity)),
        );
        let normed = norm.forward(convolution.forward(maps.outermost()));
        assert_close("output", &values_of(&found.outermost()), &values_of(&relu(normed.clone() + normed)));
    }

    #[test]
    fn what_the_kernels_cannot_make_is_composed() {
        let device = Device::flex().autodiff();
        let config = Conv2dConfig::new([2, 4], [3, 1]).with_stride([1, 2]);
        let (convolution, norm) = (config.init(&device), BatchNormConfig::new(4).init(&device));
        let samples = Tensor::<2>::random([3, 2 * 5 * 4], Distribution::Default, &device);
        let maps = FeatureMaps::of_images(samples, [2, 5, 4]).layer(&convolution, &norm, Activation::Relu);
        assert_eq!(maps.outermost().dims(), [3, 4, 3, 2]);
        assert_eq!(maps.pooled().dims(), [3, 4]);
    }
}
