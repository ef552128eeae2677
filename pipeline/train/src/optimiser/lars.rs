//! LARS: layer-wise adaptive rate scaling (You, Gitman, Ginsburg 2017).

use burn::optim::{Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use super::optimise::{Optimise, check_settings};
use super::state::OptimiserState;
use crate::error::Result;

const TRUST: f64 = 1e-3;

/// See [`lars`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Lars {
    learning_rate: f64,
    weight_decay: f64,
    momentum: f64,
}

impl Default for Lars {
    fn default() -> Self {
        Self { learning_rate: 0.3, weight_decay: 1e-6, momentum: 0.9 }
    }
}

impl Settings for Lars {
    const NAME: &'static str = "lars";
    const SUMMARY: &'static str = "layer-wise adaptive rate scaling, for large batches (You et al. 2017)";
}

/// LARS (You et al. 2017) with momentum 0.9, weight decay 1e-6 and trust coefficient 1e-3, for large batches.
///
/// ```
/// use relata_train::optimiser::{Optimise, lars};
///
/// let optimiser = lars(0.3).with_weight_decay(0.01);
/// optimiser.check()?;
/// assert_eq!(optimiser.describe().to_string(), "lars learning_rate=0.3 momentum=0.9 weight_decay=0.01");
/// # Ok::<(), relata_train::TrainError>(())
/// ```
pub fn lars(learning_rate: f64) -> Lars {
    Lars { learning_rate, ..Lars::default() }
}

impl Lars {
    /// Another weight decay.
    ///
    /// ```
    /// use relata_train::optimiser::{Optimise, lars};
    ///
    /// assert_eq!(lars(0.3).with_weight_decay(0.01).describe()["weight_decay"], 0.01);
    /// ```
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// Another momentum.
    ///
    /// ```
    /// use relata_train::optimiser::{Optimise, lars};
    ///
    /// assert_eq!(lars(0.3).with_momentum(0.95).describe()["momentum"], 0.95);
    /// ```
    pub fn with_momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }
}

impl Optimise for Lars {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn check(&self) -> Result<()> {
        check_settings(Self::NAME, self.learning_rate, self.weight_decay, self.momentum)
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn state(&self, _: &Device) -> OptimiserState {
        let &Self { momentum, weight_decay, .. } = self;
        OptimiserState::composed(LayerwiseSgd { momentum, weight_decay })
    }
}

/// Momentum SGD whose step per layer is `trust |w| / (|g| + decay |w|)`; biases and norms (rank 1) are not adapted.
#[derive(Debug, Clone)]
struct LayerwiseSgd {
    momentum: f64,
    weight_decay: f64,
}

/// The velocity of one parameter.
#[derive(Clone)]
struct LarsState<const D: usize> {
    /// Running sum of scaled gradients.
    velocity: Tensor<D>,
}

impl Optimizer for LayerwiseSgd {
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
            let ratio = if weights > 0.0 && denominator > 0.0 { TRUST * weights / denominator } else { 1.0 };
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
        let lars = LayerwiseSgd { momentum: 0.9, weight_decay: 0.5 };
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
