//! Sums over the edges of a batch, differentiable. On the CPU they are made straight from the embeddings; elsewhere the rows
//! at both ends of the edges are gathered.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::{Device, IndexingUpdateOp, Shape, Tensor, TensorData};
use relata_kernels::{Level, Pairs as Kernel};

use super::pairs::{Pairs, floats, indices};

type Memory = FloatTensor<Flex>;

/// What is made of the embeddings.
#[derive(Debug, Clone)]
enum Sum {
    SquaredDistances,
    /// With the edges' weights.
    Neighbours(Vec<f32>),
}

/// The squared distance between the ends of each edge, `[edges]`.
pub(super) fn squared_distances(z: &Tensor<2>, pairs: &Pairs) -> Tensor<1> {
    if let Some(made) = on_cpu(z, pairs, Sum::SquaredDistances) {
        return Tensor::from_primitive::<Autodiff<Flex>>(made);
    }
    let (a, b) = pairs.ends(z);
    let difference = a - b;
    (difference.clone() * difference).sum_dim(1).squeeze_dim(1)
}

/// For each row the sum of the rows at the other ends of its edges, each times a weight, `[rows, K]`: the product with a
/// symmetric sparse matrix.
pub(super) fn neighbour_sums(z: &Tensor<2>, pairs: &Pairs, weights: Vec<f32>) -> Tensor<2> {
    if let Some(made) = on_cpu(z, pairs, Sum::Neighbours(weights.clone())) {
        return Tensor::from_primitive::<Autodiff<Flex>>(made);
    }
    let device = z.device();
    let weights = floats(weights, &device).unsqueeze_dim::<2>(1);
    let (a, b) = pairs.ends(z);
    let add = |to: Tensor<2>, rows: &[u32], values: Tensor<2>| {
        to.select_assign(0, indices(rows, &device), values, IndexingUpdateOp::Add)
    };
    let sums = add(Tensor::zeros(z.shape(), &device), &pairs.src, b * weights.clone());
    add(sums, &pairs.dst, a * weights)
}

/// By the kernels, if the embeddings are on the CPU and have gradients.
fn on_cpu(z: &Tensor<2>, pairs: &Pairs, sum: Sum) -> Option<FloatTensor<Autodiff<Flex>>> {
    let device = z.device();
    if !device.is_autodiff() || device.inner() != Device::flex() {
        return None;
    }
    let [rows, _] = z.dims();
    let z = z.clone().try_into_primitive::<Autodiff<Flex>>().ok()?;
    let (z, node) = z.into_parts();
    let z = z.to_contiguous();
    let kernel = Arc::new(Kernel::new(rows, &pairs.src, &pairs.dst));
    let (values, width) = numbers(&z);
    let made = match &sum {
        Sum::SquaredDistances => memory(kernel.squared_distances(Level::best(), values, width), &[pairs.src.len()]),
        Sum::Neighbours(weights) => {
            memory(kernel.neighbour_sums(Level::best(), values, width, weights), &[rows, width])
        }
    };
    Some(match SumBackward.prepare::<NoCheckpointing>([node]).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(State { sum, z, kernel }, made),
        OpsKind::UnTracked(prepared) => prepared.finish(made),
    })
}

#[derive(Debug)]
struct SumBackward;

#[derive(Debug, Clone)]
struct State {
    sum: Sum,
    z: Memory,
    kernel: Arc<Kernel>,
}

impl Backward<Flex, 1> for SumBackward {
    type State = State;

    fn backward(self, ops: Ops<State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let State { sum, z, kernel } = ops.state;
        let upstream = grads.consume::<Flex>(&ops.node).to_contiguous();
        let [Some(node)] = ops.parents else { return };
        let (values, width) = numbers(&z);
        let upstream = upstream.as_slice::<f32>().expect("contiguous and f32");
        let gradient = match sum {
            Sum::SquaredDistances => kernel.squared_distances_gradient(Level::best(), values, width, upstream),
            // The matrix is symmetric.
            Sum::Neighbours(weights) => kernel.neighbour_sums(Level::best(), upstream, width, &weights),
        };
        grads.register::<Flex>(node.id, memory(gradient, &z.shape()));
    }
}

/// The numbers of a matrix and its width.
fn numbers(matrix: &Memory) -> (&[f32], usize) {
    (matrix.as_slice().expect("embeddings are made contiguous f32 before they come here"), matrix.shape()[1])
}

fn memory(values: Vec<f32>, shape: &[usize]) -> Memory {
    Memory::from_data(TensorData::new(values, Shape::from(shape.to_vec())))
}
