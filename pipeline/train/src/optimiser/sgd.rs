//! Stochastic gradient descent with momentum: on the CPU in one pass over a parameter and its velocity.

use burn::backend::Flex;
use burn::optim::{Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};
use relata_kernels::{Level, optimiser};

use crate::layer::on_cpu;

/// `velocity = momentum velocity + gradient + decay weights`; the weights lose `rate velocity`.
#[derive(Debug, Clone)]
pub struct Sgd {
    momentum: f64,
    weight_decay: f64,
}

/// The velocity of one parameter.
#[derive(Clone)]
pub struct SgdState<const D: usize> {
    /// Running sum of gradients.
    pub velocity: Tensor<D>,
}

impl Sgd {
    /// With this momentum and weight decay.
    pub fn new(momentum: f64, weight_decay: f64) -> Self {
        Self { momentum, weight_decay }
    }
}

impl Optimizer for Sgd {
    type State<const D: usize> = SgdState<D>;

    fn step<const D: usize>(
        &self,
        rate: f64,
        weights: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<SgdState<D>>,
    ) -> (Tensor<D>, Option<SgdState<D>>) {
        let velocity = match state {
            Some(state) => state.velocity,
            None => Tensor::zeros(weights.shape(), &weights.device()),
        };
        if !on_cpu(&weights.device()) {
            let decayed = gradient + weights.clone().mul_scalar(self.weight_decay);
            let velocity = velocity.mul_scalar(self.momentum) + decayed;
            return (weights - velocity.clone().mul_scalar(rate), Some(SgdState { velocity }));
        }
        let tensors = [weights, gradient, velocity].map(|tensor| {
            let primitive = tensor.try_into_primitive::<Flex>();
            primitive.expect("parameters and gradients of one module are on one device").to_contiguous()
        });
        let [mut weights, gradient, mut velocity] = tensors;
        let slice = gradient.as_slice::<f32>().expect("contiguous and f32");
        let settings = [rate, self.momentum, self.weight_decay].map(|x| x as f32);
        optimiser::sgd(Level::best(), settings, weights.storage_mut(), slice, velocity.storage_mut());
        let [weights, velocity] = [weights, velocity].map(Tensor::from_primitive::<Flex>);
        (weights, Some(SgdState { velocity }))
    }

    fn to_device<const D: usize>(state: SgdState<D>, device: &Device) -> SgdState<D> {
        SgdState { velocity: state.velocity.to_device(device) }
    }
}

impl<const D: usize> RecordState for SgdState<D> {
    fn state_flatten(&self, prefix: &str, out: &mut StateSink) {
        out.push_tensor(prefix, "velocity", self.velocity.to_data());
    }

    fn state_unflatten(prefix: &str, source: &mut StateSource, device: &Device) -> Option<Self> {
        let velocity = source.take_tensor(prefix, "velocity")?;
        Some(Self { velocity: Tensor::from_data(velocity, device) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_steps_by_hand() {
        let device = Device::flex();
        let sgd = Sgd::new(0.5, 0.25);
        let weights = Tensor::<1>::from_floats([2.0, -1.0], &device);
        let gradient = Tensor::<1>::from_floats([1.0, 0.0], &device);
        let (weights, state) = sgd.step(0.1, weights, gradient.clone(), None);
        // Velocities (1.5, -0.25), then (0.75 + 1 + 0.25 * 1.85, -0.125 - 0.25 * 0.975).
        let (weights, _) = sgd.step(0.1, weights, gradient, state);
        let found: Vec<f32> = weights.into_data().iter::<f32>().collect();
        for (found, expected) in found.iter().zip([1.85 - 0.22125, -0.975 + 0.036_875]) {
            assert!((found - expected).abs() < 1e-6, "{found} {expected}");
        }
    }
}
