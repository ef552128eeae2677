//! Autodiff of the fused layer: its place in burn's graph of operations, and its gradient.

use std::ops::Range;

use burn::backend::TensorMetadata;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex};
use relata_kernels::batch_norm_gradient::{self, Normalised};
use relata_kernels::{Isa, backward};

use super::cpu_tensor::{CpuTensor, cpu_tensor_of, values};
use super::fused_layer::{Forward, FusedLayer};

type Tracked = FloatTensor<Autodiff<Flex>>;

/// Runs the layer and records it; returns its output and the batch's mean and variance.
pub(super) fn record(
    layer: FusedLayer,
    input: Tracked,
    filter: Tracked,
    gamma: Tracked,
    beta: Tracked,
    residual: Option<Tracked>,
    shape: &[usize],
) -> (Tracked, [Vec<f32>; 2]) {
    let has_residual = residual.is_some();
    // Operations have a fixed number of parents: without a residual its place is taken by a constant.
    let residual = residual.unwrap_or_else(|| Tracked::new(cpu_tensor_of(vec![0.0], &[1])));
    let (input, of_input) = input.into_parts();
    let (filter, of_filter) = filter.into_parts();
    let (gamma, of_gamma) = gamma.into_parts();
    let (beta, of_beta) = beta.into_parts();
    let (residual, of_residual) = residual.into_parts();
    let [input, filter, gamma, beta, residual] = [input, filter, gamma, beta, residual].map(|t| t.to_contiguous());
    let forward = layer.trained(&input, &filter, [&gamma, &beta], has_residual.then_some(&residual), shape);
    let output = forward.output.clone();
    let statistics = [forward.mean.clone(), forward.variance.clone()];
    let nodes = [of_input, of_filter, of_gamma, of_beta, of_residual];
    let output = match LayerBackward.prepare::<NoCheckpointing>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(LayerState { layer, input, filter, gamma, forward }, output),
        OpsKind::UnTracked(prepared) => prepared.finish(output),
    };
    (output, statistics)
}

#[derive(Debug)]
struct LayerBackward;

#[derive(Debug, Clone)]
struct LayerState {
    layer: FusedLayer,
    input: CpuTensor,
    filter: CpuTensor,
    gamma: CpuTensor,
    forward: Forward,
}

impl Backward<Flex, 5> for LayerBackward {
    type State = LayerState;

    fn backward(self, ops: Ops<LayerState, 5>, grads: &mut Gradients, _: &mut Checkpointer) {
        let LayerState { layer, input, filter, gamma, forward } = ops.state;
        let [to_input, to_filter, to_gamma, to_beta, to_residual] = ops.parents;
        let upstream = grads.consume::<Flex>(&ops.node).to_contiguous();
        let (isa, geometry) = (Isa::best(), layer.geometry);
        let deviation = layer.deviations(&forward);
        let whole = Normalised {
            y: values(&forward.y),
            output: layer.rectified.then(|| values(&forward.output)),
            mean: &forward.mean,
            deviation: &deviation,
            gamma: values(&gamma),
        };
        let gradient = values(&upstream);
        let sums = batch_norm_gradient::sums(isa, whole, gradient);
        let image = geometry.rows() / geometry.images * geometry.outputs;
        let of_output = |images: Range<usize>, to: &mut [f32]| {
            let range = images.start * image..images.end * image;
            batch_norm_gradient::write(isa, whole.part(range.clone()), &gradient[range], &sums, geometry.rows(), to);
        };
        let (of_filter, of_input) =
            backward(isa, &geometry, values(&input), (values(&filter), layer.layout), &of_output, to_input.is_some());
        if let Some(node) = to_residual {
            let of_residual = batch_norm_gradient::residual(gradient, values(&forward.output));
            grads.register::<Flex>(node.id, cpu_tensor_of(of_residual, &upstream.shape()));
        }
        if let (Some(node), Some(of_input)) = (to_input, of_input) {
            grads.register::<Flex>(node.id, cpu_tensor_of(of_input, &input.shape()));
        }
        let of_parameters =
            [(to_filter, of_filter, &filter), (to_gamma, sums.gamma, &gamma), (to_beta, sums.beta, &gamma)];
        for (node, values, like) in of_parameters {
            if let Some(node) = node {
                grads.register::<Flex>(node.id, cpu_tensor_of(values, &like.shape()));
            }
        }
    }
}
