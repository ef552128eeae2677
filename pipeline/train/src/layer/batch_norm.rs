//! Batch norm together with the linear map before it, a residual and ReLU: with the statistics of the batch in
//! training, with the running ones without gradients.

use burn::backend::{Autodiff, Flex};
use burn::nn::BatchNorm;
use burn::tensor::{Device, Tensor, TensorData};
use relata_kernels::batch_norm::ScaleShift;

use super::autodiff::record;
use super::cpu_tensor::{cpu_tensor, on_cpu, tracked, values};
use super::fused_layer::FusedLayer;

/// The layer's output, of the given shape. With an autodiff device statistics are those of the batch and the running
/// ones are updated; else the running ones are used.
pub(super) fn normalised<const D: usize, const F: usize, const R: usize>(
    layer: FusedLayer,
    input: Tensor<D>,
    filter: Tensor<F>,
    norm: &BatchNorm,
    residual: Option<Tensor<R>>,
    shape: [usize; R],
) -> Tensor<R> {
    let device = input.device();
    if !device.is_autodiff() {
        let (mean, variance) = (cpu_tensor(norm.running_mean.value()), cpu_tensor(norm.running_var.value()));
        let (gamma, beta) = (cpu_tensor(norm.gamma.val()), cpu_tensor(norm.beta.val()));
        let scale_shift =
            ScaleShift::new(values(&mean), values(&variance), values(&gamma), values(&beta), layer.epsilon);
        let residual = residual.map(cpu_tensor);
        let output = layer.applied(&cpu_tensor(input), &cpu_tensor(filter), &scale_shift, residual.as_ref(), &shape);
        return Tensor::from_primitive::<Flex>(output);
    }
    let input = tracked(input);
    let filter = tracked(filter);
    let gamma = tracked(norm.gamma.val());
    let beta = tracked(norm.beta.val());
    let residual = residual.map(tracked);
    let (output, [mean, variance]) = record(layer, input, filter, gamma, beta, residual, &shape);
    let tensor = |values: Vec<f32>| {
        let len = values.len();
        Tensor::from_data(TensorData::new(values, [len]), &device)
    };
    update_statistics(norm, tensor(mean), tensor(variance));
    Tensor::from_primitive::<Autodiff<Flex>>(output)
}

/// Whether the kernels can make this layer: on the CPU, and either trained or without gradients at all.
pub(super) fn fits(norm: &BatchNorm, device: &Device) -> bool {
    on_cpu(device) && (norm.training.is_enabled() || !device.is_autodiff())
}

/// Moves the running statistics towards those of the batch, as burn's own layer does.
fn update_statistics(norm: &BatchNorm, mean: Tensor<1>, variance: Tensor<1>) {
    let keep = 1.0 - norm.momentum;
    let device = mean.device();
    let running = |state: Tensor<1>, of_batch: Tensor<1>| {
        (state.to_device(&device).mul_scalar(keep) + of_batch.mul_scalar(norm.momentum)).detach()
    };
    norm.running_mean.update(running(norm.running_mean.value_sync(), mean));
    norm.running_var.update(running(norm.running_var.value_sync(), variance));
}
