//! Contrastive cross-entropy with autodiff: on the CPU, the value and its gradient come from one kernel.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::Tensor;
use relata_kernels::Isa;
use relata_kernels::contrast::{Contrast, contrastive};

use super::cpu_tensor::{CpuTensor, cpu_tensor, tracked, values, values_and_width};

/// The loss `[1]`, if the embeddings are on the CPU and have gradients.
pub(super) fn on_cpu(z: &Tensor<2>, contrast: impl FnOnce() -> Contrast) -> Option<Tensor<1>> {
    let (z, node) = tracked(z)?.into_parts();
    let z = z.to_contiguous();
    let (embeddings, width) = values_and_width(&z);
    let (loss, gradient) = contrastive(Isa::best(), embeddings, width, &contrast());
    let (loss, gradient) = (cpu_tensor(vec![loss as f32], &[1]), cpu_tensor(gradient, &z.shape()));
    let output = match ContrastBackward.prepare::<NoCheckpointing>([node]).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(gradient, loss),
        OpsKind::UnTracked(prepared) => prepared.finish(loss),
    };
    Some(Tensor::from_primitive::<Autodiff<Flex>>(output))
}

#[derive(Debug)]
struct ContrastBackward;

impl Backward<Flex, 1> for ContrastBackward {
    type State = CpuTensor;

    fn backward(self, ops: Ops<CpuTensor, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let upstream = grads.consume::<Flex>(&ops.node).to_contiguous();
        let [Some(node)] = ops.parents else { return };
        let factor = values(&upstream)[0];
        let gradient = values(&ops.state).iter().map(|slope| factor * slope).collect();
        grads.register::<Flex>(node.id, cpu_tensor(gradient, &ops.state.shape()));
    }
}
