//! One operation for a linear map, batch norm, a residual and ReLU, on burn's CPU tensors.

use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use burn::nn::BatchNorm;
use burn::tensor::{Shape, Tensor, TensorData};
use relata_kernels::norm::{Affine, apply, deviations};
use relata_kernels::{Finish, Geometry, Layout, Level, forward};

use super::gradient::record;
use super::update_statistics;

/// Why a tensor is one of burn's on the CPU.
const CPU: &str = "the caller asked for the device, which is the CPU";

/// A tensor in memory.
pub(crate) type Memory = FloatTensor<Flex>;

/// What the operation does, whatever the numbers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fused {
    pub geometry: Geometry,
    pub layout: Layout,
    pub rectified: bool,
    pub epsilon: f64,
}

/// What the forward pass made, kept for the gradient.
#[derive(Debug, Clone)]
pub(super) struct Forward {
    /// The linear part.
    pub y: Memory,
    pub output: Memory,
    pub mean: Vec<f32>,
    pub variance: Vec<f32>,
}

/// The layer's output, of the given shape. With an autodiff device statistics are those of the batch and the running ones
/// are updated; else the running ones are used.
pub(super) fn fused<const D: usize, const F: usize, const R: usize>(
    layer: Fused,
    input: Tensor<D>,
    filter: Tensor<F>,
    norm: &BatchNorm,
    residual: Option<Tensor<R>>,
    shape: [usize; R],
) -> Tensor<R> {
    let device = input.device();
    if !device.is_autodiff() {
        let (mean, variance) = (in_memory(norm.running_mean.value()), in_memory(norm.running_var.value()));
        let (gamma, beta) = (in_memory(norm.gamma.val()), in_memory(norm.beta.val()));
        let affine = Affine::new(values(&mean), values(&variance), values(&gamma), values(&beta), layer.epsilon);
        let residual = residual.map(in_memory);
        let output = layer.applied(&in_memory(input), &in_memory(filter), &affine, residual.as_ref(), &shape);
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

impl Fused {
    /// With the statistics of the batch.
    pub fn trained(
        &self,
        input: &Memory,
        filter: &Memory,
        [gamma, beta]: [&Memory; 2],
        residual: Option<&Memory>,
        shape: &[usize],
    ) -> Forward {
        let level = Level::best();
        let (y, moments) =
            forward(level, &self.geometry, values(input), (values(filter), self.layout), Finish::Measure);
        let moments = moments.expect("the moments are asked for");
        let (mean, variance) = (moments.mean(), moments.variance());
        let affine = Affine::new(&mean, &variance, values(gamma), values(beta), self.epsilon);
        let output = apply(level, &y, &affine, residual.map(values), self.rectified);
        Forward { y: memory(y, shape), output: memory(output, shape), mean, variance }
    }

    /// With given statistics.
    fn applied(
        &self,
        input: &Memory,
        filter: &Memory,
        affine: &Affine,
        residual: Option<&Memory>,
        shape: &[usize],
    ) -> Memory {
        let level = Level::best();
        let finish = Finish::Apply(affine, residual.map(values), self.rectified);
        let (output, _) = forward(level, &self.geometry, values(input), (values(filter), self.layout), finish);
        memory(output, shape)
    }

    /// One divided by the standard deviation of each channel.
    pub fn deviations(&self, forward: &Forward) -> Vec<f32> {
        deviations(&forward.variance, self.epsilon)
    }
}

/// The numbers of a tensor whose elements lie one after another.
pub(super) fn values(tensor: &Memory) -> &[f32] {
    tensor.as_slice().expect("tensors are made contiguous f32 before they come here")
}

/// A tensor of these numbers.
pub(super) fn memory(values: Vec<f32>, shape: &[usize]) -> Memory {
    Memory::from_data(TensorData::new(values, Shape::from(shape.to_vec())))
}

/// The contiguous numbers of a tensor on the CPU, without gradients.
pub(crate) fn in_memory<const D: usize>(tensor: Tensor<D>) -> Memory {
    let primitive = tensor.try_into_primitive::<Flex>();
    primitive.expect(CPU).to_contiguous()
}

/// A tensor on the CPU with its place in the graph of operations.
fn tracked<const D: usize>(tensor: Tensor<D>) -> FloatTensor<Autodiff<Flex>> {
    tensor.try_into_primitive::<Autodiff<Flex>>().expect(CPU)
}
