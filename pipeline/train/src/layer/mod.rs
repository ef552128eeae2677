//! Layers with batch norm: on the CPU through `relata-kernels`, on every other device composed of burn's operations.
//!
//! The choice is made for each call, from the device and the layer's settings, so no device lacks an operation.

mod dense;
mod fused;
mod gradient;
mod maps;

use burn::nn::BatchNorm;
use burn::tensor::{Device, Tensor};

pub use dense::dense;
pub(crate) use fused::{Memory, in_memory};
pub use maps::{End, Maps};

/// Whether tensors of this device are slices in memory, which the kernels work on.
pub(crate) fn on_cpu(device: &Device) -> bool {
    device.clone().inner() == Device::flex()
}

/// Whether the kernels can make this layer: on the CPU, and either trained or without gradients at all.
fn fits(norm: &BatchNorm, device: &Device) -> bool {
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
