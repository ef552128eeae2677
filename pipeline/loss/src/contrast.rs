//! Contrastive cross-entropy with autodiff: on the CPU, the value and its gradient come from one kernel.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Flex, TensorMetadata};
use burn::tensor::{Device, Tensor, TensorData};
use relata_kernels::Isa;
use relata_kernels::contrast::{Contrast, contrastive};

type CpuTensor = FloatTensor<Flex>;

/// The loss `[1]`, if the embeddings are on the CPU and have gradients.
pub(super) fn on_cpu(z: &Tensor<2>, contrast: impl FnOnce() -> Contrast) -> Option<Tensor<1>> {
    let device = z.device();
    if !device.is_autodiff() || device.inner() != Device::flex() {
        return None;
    }
    let (z, node) = z.clone().try_into_primitive::<Autodiff<Flex>>().ok()?.into_parts();
    let z = z.to_contiguous();
    let shape = z.shape();
    let values: &[f32] = z.as_slice().expect("embeddings are made contiguous f32 before they come here");
    let (loss, gradient) = contrastive(Isa::best(), values, shape[1], &contrast());
    let loss = CpuTensor::from_data(TensorData::new(vec![loss as f32], [1]));
    let gradient = CpuTensor::from_data(TensorData::new(gradient, shape));
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
        let factor = upstream.as_slice::<f32>().expect("contiguous and f32")[0];
        let gradient: &[f32] = ops.state.as_slice().expect("made contiguous and f32");
        let gradient: Vec<f32> = gradient.iter().map(|slope| factor * slope).collect();
        grads.register::<Flex>(node.id, CpuTensor::from_data(TensorData::new(gradient, ops.state.shape())));
    }
}
