//! CPU tensors of embeddings, whose numbers the kernels work on.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::{Device, Shape, Tensor, TensorData};

/// A tensor in memory.
pub(super) type CpuTensor = FloatTensor<Flex>;

/// The embeddings with their place in the graph of operations, if they are on the CPU and have gradients.
pub(super) fn tracked(z: &Tensor<2>) -> Option<FloatTensor<Autodiff<Flex>>> {
    let device = z.device();
    if !device.is_autodiff() || device.inner() != Device::flex() {
        return None;
    }
    z.clone().try_into_primitive::<Autodiff<Flex>>().ok()
}

/// The numbers of a tensor whose elements lie one after another.
pub(super) fn values(tensor: &CpuTensor) -> &[f32] {
    tensor.as_slice().expect("tensors are made contiguous f32 before they come here")
}

/// The values of a matrix, row by row, and its width.
pub(super) fn values_and_width(matrix: &CpuTensor) -> (&[f32], usize) {
    (values(matrix), matrix.shape()[1])
}

/// Numbers as a tensor.
pub(super) fn cpu_tensor(values: Vec<f32>, shape: &[usize]) -> CpuTensor {
    CpuTensor::from_data(TensorData::new(values, Shape::from(shape.to_vec())))
}
