//! LARS: layer-wise adaptive rate scaling (You, Gitman, Ginsburg 2017).

use burn::optim::{Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};

/// Momentum SGD whose step per layer is `trust |w| / (|g| + decay |w|)`; biases and norms (rank 1) are not adapted.
#[derive(Debug, Clone)]
pub(super) struct Lars {
    momentum: f64,
    weight_decay: f64,
    trust: f64,
}

/// The velocity of one parameter.
#[derive(Clone)]
pub(super) struct LarsState<const D: usize> {
    /// Running sum of scaled gradients.
    pub velocity: Tensor<D>,
}

impl Lars {
    /// With trust coefficient 1e-3.
    pub fn new(momentum: f64, weight_decay: f64) -> Self {
        Self { momentum, weight_decay, trust: 1e-3 }
    }
}

impl Optimizer for Lars {
    type State<const D: usize> = LarsState<D>;

    fn step<const D: usize>(
        &self,
        lr: f64,
        tensor: Tensor<D>,
        grad: Tensor<D>,
        state: Option<Self::State<D>>,
    ) -> (Tensor<D>, Option<Self::State<D>>) {
        let scaled = if D == 1 {
            grad
        } else {
            let norm = |t: &Tensor<D>| (t.clone() * t.clone()).sum().into_scalar::<f64>().sqrt();
            let (weights, gradients) = (norm(&tensor), norm(&grad));
            let decayed = grad + tensor.clone().mul_scalar(self.weight_decay);
            let denominator = gradients + self.weight_decay * weights;
            let ratio = if weights > 0.0 && denominator > 0.0 { self.trust * weights / denominator } else { 1.0 };
            decayed.mul_scalar(ratio)
        };
        let velocity = match state {
            Some(state) => state.velocity.mul_scalar(self.momentum) + scaled,
            None => scaled,
        };
        (tensor - velocity.clone().mul_scalar(lr), Some(LarsState { velocity }))
    }

    fn to_device<const D: usize>(state: Self::State<D>, device: &Device) -> Self::State<D> {
        LarsState { velocity: state.velocity.to_device(device) }
    }
}

impl<const D: usize> RecordState for LarsState<D> {
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
    fn two_steps_match_the_paper_by_hand() {
        let device = Device::flex();
        let lars = Lars::new(0.9, 0.5);
        let weights = Tensor::<2>::from_floats([[3.0, 4.0]], &device);
        let gradient = Tensor::<2>::from_floats([[0.6, 0.8]], &device);
        let (weights, state) = lars.step(10.0, weights, gradient.clone(), None);
        // |w| = 5, |g| = 1: local rate = 1e-3 * 5 / (1 + 2.5); update = rate * (g + 0.5 w) = rate * 3.5 * (0.6, 0.8).
        let first = 1e-3 * 5.0 / 3.5 * 3.5;
        let norm = |t: &Tensor<2>| (t.clone() * t.clone()).sum().into_scalar::<f64>().sqrt();
        assert!((norm(&weights) - (5.0 - 10.0 * first)).abs() < 1e-5);
        let before = norm(&weights);
        let (weights, _) = lars.step(10.0, weights, gradient, state);
        let second = 1e-3 * before + 0.9 * first;
        assert!((norm(&weights) - (before - 10.0 * second)).abs() < 1e-5);
    }
}
