//! Embedding bag layer: texts as weighted sums of the embeddings of their tokens. On the CPU through `relata-kernels`, on
//! every other device composed of burn's operations.

use std::sync::Arc;

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::NoCheckpointing;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::{Autodiff, Flex};
use burn::tensor::{IndexingUpdateOp, Int, Tensor, TensorData};
use relata_kernels::Isa;
use relata_kernels::embedding_bag::{Bags, embedding_bag, embedding_bag_gradient};
use relata_schemas::TokenBags;

use super::cpu_tensor::{cpu_tensor, cpu_tensor_of, on_cpu, tracked, values};

/// The sums of all bags, `[bags, width]`, of an embedding table `[buckets, width]`.
pub fn embedding_bags(table: Tensor<2>, bags: &TokenBags) -> Tensor<2> {
    let device = table.device();
    let [rows, width] = table.dims();
    if !on_cpu(&device) {
        return by_operations(table, bags);
    }
    if !device.is_autodiff() {
        let table = cpu_tensor(table);
        let sums = embedding_bag(Isa::best(), values(&table), width, view(bags));
        return Tensor::from_primitive::<Flex>(cpu_tensor_of(sums, &[bags.len(), width]));
    }
    let (table, of_table) = tracked(table).into_parts();
    let table = table.to_contiguous();
    let sums = cpu_tensor_of(embedding_bag(Isa::best(), values(&table), width, view(bags)), &[bags.len(), width]);
    let node = [of_table];
    let sums = match BagBackward.prepare::<NoCheckpointing>(node).compute_bound().stateful() {
        OpsKind::Tracked(prepared) => prepared.finish(BagState { rows, width, bags: Arc::new(bags.clone()) }, sums),
        OpsKind::UnTracked(prepared) => prepared.finish(sums),
    };
    Tensor::from_primitive::<Autodiff<Flex>>(sums)
}

fn view(bags: &TokenBags) -> Bags<'_> {
    Bags { ends: &bags.ends, tokens: &bags.tokens, weights: &bags.weights }
}

/// Gathers the rows of all tokens and adds each to its bag.
fn by_operations(table: Tensor<2>, bags: &TokenBags) -> Tensor<2> {
    let (device, [_, width]) = (table.device(), table.dims());
    let many = bags.tokens.len();
    let of_bag = (0..bags.len()).flat_map(|bag| std::iter::repeat_n(bag as i32, bags.bag(bag).0.len()));
    let ints = |numbers: Vec<i32>| Tensor::<1, Int>::from_data(TensorData::new(numbers, [many]), &device);
    let tokens = ints(bags.tokens.iter().map(|&token| token as i32).collect());
    let weights = Tensor::<2>::from_data(TensorData::new(bags.weights.clone(), [many, 1]), &device);
    let rows = table.select(0, tokens) * weights;
    Tensor::zeros([bags.len(), width], &device).select_assign(0, ints(of_bag.collect()), rows, IndexingUpdateOp::Add)
}

#[derive(Debug)]
struct BagBackward;

#[derive(Debug, Clone)]
struct BagState {
    rows: usize,
    width: usize,
    bags: Arc<TokenBags>,
}

impl Backward<Flex, 1> for BagBackward {
    type State = BagState;

    fn backward(self, ops: Ops<BagState, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let BagState { rows, width, bags } = ops.state;
        let [to_table] = ops.parents;
        let upstream = grads.consume::<Flex>(&ops.node).to_contiguous();
        if let Some(node) = to_table {
            let gradient = embedding_bag_gradient(Isa::best(), rows, width, view(&bags), values(&upstream));
            grads.register::<Flex>(node.id, cpu_tensor_of(gradient, &[rows, width]));
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    #[test]
    fn the_layer_by_the_kernels_is_the_layer_by_operations() {
        let device = Device::flex().autodiff();
        device.seed(5);
        let mut bags = TokenBags::new(2);
        for tokens in [&[1, 2, 2][..], &[], &[7], &[8, 1]] {
            bags.push(tokens, |token| 1.0 + token as f32);
        }
        let table = Tensor::<2>::random([9, 4], Distribution::Normal(0.0, 1.0), &device).require_grad();
        let factors = Tensor::<2>::random([4, 4], Distribution::Normal(0.0, 1.0), &device);
        let run = |output: Tensor<2>| {
            let gradients = (output.clone() * factors.clone()).sum().backward();
            [output.to_data(), table.grad(&gradients).unwrap().to_data()]
        };
        let found = run(embedding_bags(table.clone(), &bags));
        let expected = run(by_operations(table.clone(), &bags));
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.shape(), expected.shape());
            for (f, e) in found.iter::<f32>().zip(expected.iter::<f32>()) {
                assert!((f - e).abs() < 1e-5, "{f} instead of {e}");
            }
        }
        let without = embedding_bags(table.clone().inner(), &bags);
        assert_eq!(without.to_data().as_slice::<f32>().unwrap(), found[0].as_slice::<f32>().unwrap());
    }
}
