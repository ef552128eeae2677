//! Layers with batch norm: on the CPU through `relata-kernels`, on every other device composed of burn's operations.
//!
//! The choice is made for each call, from the device and the layer's settings, so no device lacks an operation.

mod autodiff;
mod batch_norm;
mod convolution;
mod cpu_tensor;
mod embedding_bag;
mod fused_layer;
mod linear;

pub use convolution::{Activation, FeatureMaps};
pub(crate) use cpu_tensor::{CpuTensor, cpu_tensor, on_cpu};
pub use embedding_bag::embedding_bags;
pub use linear::linear_norm_relu;
