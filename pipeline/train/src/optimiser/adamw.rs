//! AdamW: on the CPU in one pass over a parameter and its state, on other devices burn's own.

use burn::backend::Flex;
use burn::optim::{AdamW as Composed, AdamWConfig, AdamWState, AdaptiveMomentumState, Optimizer};
use burn::tensor::{Device, Tensor};
use relata_kernels::{Level, optimiser};

use crate::layer::on_cpu;

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), beta 2 = 0.999, epsilon = 1e-8.
#[derive(Clone)]
pub struct AdamW {
    momentum: f32,
    weight_decay: f64,
    composed: Composed,
}

impl AdamW {
    const BETA_2: f32 = 0.999;
    const EPSILON: f32 = 1e-8;

    /// With this first beta and weight decay.
    pub fn new(momentum: f64, weight_decay: f64) -> Self {
        let composed = AdamWConfig::new()
            .with_beta_1(momentum as f32)
            .with_beta_2(Self::BETA_2)
            .with_epsilon(Self::EPSILON)
            .with_weight_decay(weight_decay as f32)
            .build();
        Self { momentum: momentum as f32, weight_decay, composed }
    }
}

impl Optimizer for AdamW {
    type State<const D: usize> = AdamWState<D>;

    fn step<const D: usize>(
        &self,
        rate: f64,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<AdamWState<D>>,
    ) -> (Tensor<D>, Option<AdamWState<D>>) {
        if !on_cpu(&weights.device()) {
            return self.composed.step(rate, weights, gradient, state);
        }
        let (shape, device) = (weights.shape(), weights.device());
        let zeros = || Tensor::zeros(shape.clone(), &device);
        let state = state.map(|state| state.momentum);
        let state = state.unwrap_or_else(|| AdaptiveMomentumState::new(0, zeros(), zeros()));
        let time = state.time + 1;
        let step = optimiser::AdamW {
            rate,
            beta_1: self.momentum,
            beta_2: Self::BETA_2,
            epsilon: Self::EPSILON,
            decay: self.weight_decay,
            time: i32::try_from(time).unwrap_or(i32::MAX),
        };
        let tensors = [weights, gradient, state.moment_1, state.moment_2].map(|tensor| {
            let primitive = tensor.try_into_primitive::<Flex>();
            primitive.expect("parameters and gradients of one module are on one device").to_contiguous()
        });
        let [mut weights, gradient, mut first, mut second] = tensors;
        let slice = gradient.as_slice::<f32>().expect("contiguous and f32");
        let moments = [first.storage_mut(), second.storage_mut()];
        optimiser::adamw(Level::best(), step, weights.storage_mut(), slice, moments);
        let [weights, first, second] = [weights, first, second].map(Tensor::from_primitive::<Flex>);
        (weights, Some(AdamWState::new(AdaptiveMomentumState::new(time, first, second))))
    }

    fn to_device<const D: usize>(state: AdamWState<D>, device: &Device) -> AdamWState<D> {
        Composed::to_device(state, device)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_steps_are_those_of_burn() {
        let device = Device::flex();
        let adamw = AdamW::new(0.9, 0.1);
        let weights = Tensor::<2>::from_floats([[3.0, -4.0], [0.5, 0.0]], &device);
        let (mut ours, mut theirs) = ((weights.clone(), None), (weights, None));
        for factor in [1.0, -0.3, 0.01] {
            let gradient = Tensor::<2>::from_floats([[0.6, 0.8], [-1.0, 1e-3]], &device).mul_scalar(factor);
            ours = adamw.step(0.1, ours.0, gradient.clone(), ours.1);
            theirs = adamw.composed.step(0.1, theirs.0, gradient, theirs.1);
            let apart = (ours.0.clone() - theirs.0.clone()).abs().max().into_scalar::<f32>();
            assert!(apart < 1e-5, "{apart}");
        }
        assert_eq!(ours.1.unwrap().momentum.time, 3);
    }
}
