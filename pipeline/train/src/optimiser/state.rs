//! Optimiser state of one model: stepped by the kernels on the CPU, else by burn.

use std::fmt;

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer, Optimizer};
use burn::tensor::{Bytes, Device};

use super::fused_step::{FusedStep, RuleState, UpdateRule, step};
use crate::error::StateError;
use crate::layer::on_cpu;

/// An optimiser at work on one model, with its state.
pub struct OptimiserState(By);

enum By {
    Kernels(Box<dyn FusedStep>),
    Burn(Box<ModuleOptimizer>),
}

impl fmt::Debug for OptimiserState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            By::Kernels(_) => "OptimiserState(by the kernels)",
            By::Burn(_) => "OptimiserState(by burn)",
        })
    }
}

impl OptimiserState {
    /// By an optimiser that is composed of burn's operations.
    pub fn composed(optimiser: impl Optimizer) -> Self {
        Self(By::Burn(Box::new(optimiser.into())))
    }

    /// By the kernels on the CPU, elsewhere by `composed`.
    pub(super) fn fused_on_cpu<R: UpdateRule<N> + 'static, O: Optimizer, const N: usize>(
        device: &Device,
        rule: R,
        composed: impl FnOnce(&R) -> O,
    ) -> Self {
        if on_cpu(device) { Self(By::Kernels(Box::new(RuleState::new(rule)))) } else { Self::composed(composed(&rule)) }
    }

    /// One step.
    pub(crate) fn step<M: Module>(&mut self, rate: f64, model: M, gradients: GradientsParams) -> M {
        match &mut self.0 {
            By::Kernels(steps) => step(steps.as_mut(), rate, model, gradients),
            By::Burn(optimiser) => optimiser.step(rate, model, gradients),
        }
    }

    /// The state as bytes.
    pub(crate) fn save(&self) -> Result<Vec<u8>, StateError> {
        match &self.0 {
            By::Kernels(steps) => steps.save(),
            By::Burn(optimiser) => optimiser.into_bytes().map(|b| b.to_vec()).map_err(StateError::optimiser),
        }
    }

    /// Goes on from what [`save`](Self::save) gave.
    pub(crate) fn load(&mut self, bytes: Vec<u8>) -> Result<(), StateError> {
        match &mut self.0 {
            By::Kernels(steps) => steps.load(&bytes),
            By::Burn(optimiser) => {
                let loaded = optimiser.as_ref().clone().from_bytes(Bytes::from_bytes_vec(bytes));
                **optimiser = loaded.map_err(StateError::optimiser)?;
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Tensor;

    use super::super::adamw::adamw;
    use super::super::lars::lars;
    use super::super::optimise::Optimise;
    use super::super::sgd::sgd;
    use super::*;

    fn values_of(layer: &Linear) -> Vec<f32> {
        let of = |data: burn::tensor::TensorData| data.iter::<f32>().collect::<Vec<_>>();
        let bias = layer.bias.as_ref().map(|bias| of(bias.val().into_data()));
        [of(layer.weight.val().into_data()), bias.unwrap_or_default()].concat()
    }

    /// Steps on a fixed problem; the gradients shrink and change sign.
    fn steps(mut layer: Linear, state: &mut OptimiserState, range: std::ops::Range<u32>, device: &Device) -> Linear {
        for time in range {
            let x = Tensor::<2>::from_floats([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0]], device);
            let factor = [1.0, -0.3, 0.01, 0.2][time as usize % 4];
            let loss = layer.forward(x).square().sum().mul_scalar(factor);
            let gradients = GradientsParams::from_grads(loss.backward(), &layer);
            layer = state.step(0.05, layer, gradients);
        }
        layer
    }

    #[test]
    fn the_kernels_step_as_burn_does() {
        let device = Device::flex().autodiff();
        let layer = LinearConfig::new(3, 2).init(&device);
        let cases: [(Box<dyn Optimise>, OptimiserState); 2] = [
            {
                let settings = adamw(0.1).with_weight_decay(0.1);
                let composed = OptimiserState::composed(settings.composed());
                (Box::new(settings), composed)
            },
            {
                let settings = sgd(0.1).with_momentum(0.5).with_weight_decay(0.25);
                let composed = OptimiserState::composed(settings.composed());
                (Box::new(settings), composed)
            },
        ];
        for (settings, mut composed) in cases {
            let ours = steps(layer.clone(), &mut settings.state(&device), 0..4, &device);
            let theirs = steps(layer.clone(), &mut composed, 0..4, &device);
            assert_ne!(values_of(&ours), values_of(&layer));
            for (a, b) in values_of(&ours).into_iter().zip(values_of(&theirs)) {
                assert!((a - b).abs() < 1e-5, "{settings:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn a_saved_state_goes_on_with_the_same_bits() {
        let device = Device::flex().autodiff();
        let all: [Box<dyn Optimise>; 3] = [Box::new(adamw(0.1)), Box::new(sgd(0.1)), Box::new(lars(0.1))];
        for settings in all {
            let mut state = settings.state(&device);
            let layer = steps(LinearConfig::new(3, 2).init(&device), &mut state, 0..2, &device);
            let mut loaded = settings.state(&device);
            loaded.load(state.save().unwrap()).unwrap();
            let on = steps(layer.clone(), &mut state, 2..4, &device);
            assert_eq!(values_of(&on), values_of(&steps(layer, &mut loaded, 2..4, &device)));
            assert!(loaded.load(vec![1, 2, 3]).is_err());
        }
    }

    #[test]
    fn a_parameter_without_a_gradient_stays() {
        let device = Device::flex().autodiff();
        let layer = LinearConfig::new(3, 2).init(&device).no_grad();
        let before = values_of(&layer);
        let layer = adamw(0.1).state(&device).step(0.1, layer, GradientsParams::new());
        assert_eq!(values_of(&layer), before);
    }
}
