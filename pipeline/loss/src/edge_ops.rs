//! Edge operations with autodiff: squared distances along edges and sums over neighbours. On the CPU they are computed
//! straight from the embeddings; elsewhere the rows at both ends of the edges are gathered.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::{IndexingUpdateOp, Tensor};
use relata_kernels::{EdgeOps, Isa};

use super::cpu_tensor::{CpuTensor, cpu_tensor, tracked, values_and_width};
use super::signed_edges::{SignedEdges, floats, indices};

/// What is computed from the embeddings.
#[derive(Debug, Clone)]
enum EdgeOp {
    SquaredDistances,
    /// With the edges' weights.
    Neighbours(Vec<f32>),
}

/// The squared distance between the ends of each edge, `[edges]`.
pub(super) fn squared_distances(z: &Tensor<2>, edges: &SignedEdges) -> Tensor<1> {
    if let Some(output) = on_cpu(z, edges, EdgeOp::SquaredDistances) {
        return Tensor::from_primitive::<Autodiff<Flex>>(output);
    }
    let (a, b) = edges.ends(z);
    let difference = a - b;
    (difference.clone() * difference).sum_dim(1).squeeze_dim(1)
}

/// For each row the sum of the rows at the other ends of its edges, each times a weight, `[rows, K]`: the product with
/// a symmetric sparse matrix.
pub(super) fn neighbour_sums(z: &Tensor<2>, edges: &SignedEdges, weights: Vec<f32>) -> Tensor<2> {
    if let Some(output) = on_cpu(z, edges, EdgeOp::Neighbours(weights.clone())) {
        return Tensor::from_primitive::<Autodiff<Flex>>(output);
    }
    let device = z.device();
    let weights = floats(weights, &device).unsqueeze_dim::<2>(1);
    let (a, b) = edges.ends(z);
    let add = |to: Tensor<2>, rows: &[u32], values: Tensor<2>| {
        to.select_assign(0, indices(rows, &device), values, IndexingUpdateOp::Add)
    };
    let sums = add(Tensor::zeros(z.shape(), &device), &edges.src, b * weights.clone());
    add(sums, &edges.dst, a * weights)
}

/// By the kernels, if the embeddings are on the CPU and have gradients.
fn on_cpu(z: &Tensor<2>, edges: &SignedEdges, op: EdgeOp) -> Option<FloatTensor<Autodiff<Flex>>> {
    let [rows, _] = z.dims();
    let (z, node) = tracked(z)?.into_parts();
    let z = z.to_contiguous();
    let kernel = Arc::new(EdgeOps::new(rows, &edges.src, &edges.dst));
    let (values, width) = values_and_width(&z);
    let output = match &op {
        EdgeOp::SquaredDistances => {
            cpu_tensor(kernel.squared_distances(Isa::best(), values, width), &[edges.src.len()])
        }
        EdgeOp::Neighbours(weights) => {
            cpu_tensor(kernel.neighbour_sums(Isa::best(), values, width, weights), &[rows, width])
        }
    };
    Some(match EdgeOpBackward.prepare::<NoCheckpointing>([node]).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(EdgeOpState { op, z, kernel }, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    })
}

#[derive(Debug)]
struct EdgeOpBackward;

#[derive(Debug, Clone)]
struct EdgeOpState {
    op: EdgeOp,
    z: CpuTensor,
    kernel: Arc<EdgeOps>,
}

impl Backward<Flex, 1> for EdgeOpBackward {
    type State = EdgeOpState;

    fn backward(self, ops: Ops<EdgeOpState, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let EdgeOpState { op, z, kernel } = ops.state;
        let upstream = grads.consume::<Flex>(&ops.node).to_contiguous();
        let [Some(node)] = ops.parents else { return };
        let (values, width) = values_and_width(&z);
        let upstream = upstream.as_slice::<f32>().expect("contiguous and f32");
        let gradient = match op {
            EdgeOp::SquaredDistances => kernel.squared_distances_gradient(Isa::best(), values, width, upstream),
            // The matrix is symmetric.
            EdgeOp::Neighbours(weights) => kernel.neighbour_sums(Isa::best(), upstream, width, &weights),
        };
        grads.register::<Flex>(node.id, cpu_tensor(gradient, &z.shape()));
    }
}
