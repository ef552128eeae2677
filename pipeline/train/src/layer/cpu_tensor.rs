//! CPU tensors: burn's tensors as slices of numbers, which the kernels work on.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn::tensor::{Device, Shape, Tensor, TensorData};

/// Why a tensor is one of burn's on the CPU.
const CPU: &str = "the caller asked for the device, which is the CPU";

/// A tensor in memory.
pub(crate) type CpuTensor = FloatTensor<Flex>;

/// Whether tensors of this device are slices in memory, which the kernels work on.
pub(crate) fn on_cpu(device: &Device) -> bool {
    device.clone().inner() == Device::flex()
}

/// The numbers of a tensor whose elements lie one after another.
pub(super) fn values(tensor: &CpuTensor) -> &[f32] {
    tensor.as_slice().expect("tensors are made contiguous f32 before they come here")
}

/// A tensor of these numbers.
pub(super) fn cpu_tensor_of(values: Vec<f32>, shape: &[usize]) -> CpuTensor {
    CpuTensor::from_data(TensorData::new(values, Shape::from(shape.to_vec())))
}

/// The contiguous numbers of a tensor on the CPU, without gradients.
pub(crate) fn cpu_tensor<const D: usize>(tensor: Tensor<D>) -> CpuTensor {
    let primitive = tensor.try_into_primitive::<Flex>();
    primitive.expect(CPU).to_contiguous()
}

/// A tensor on the CPU with its place in the graph of operations.
pub(super) fn tracked<const D: usize>(tensor: Tensor<D>) -> FloatTensor<Autodiff<Flex>> {
    tensor.try_into_primitive::<Autodiff<Flex>>().expect(CPU)
}
