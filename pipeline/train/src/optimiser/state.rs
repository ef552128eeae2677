//! Optimiser state of one model: stepped by the kernels on the CPU, else by burn.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Bytes, Device};

use super::adamw::AdamW;
use super::fused_step::FusedStep;
use super::lars::Lars;
use super::settings::{Optimiser, OptimiserName};
use super::sgd::Sgd;
use crate::error::StateError;
use crate::layer::on_cpu;

/// The optimiser with its state.
pub(crate) enum OptimiserState {
    AdamW(FusedStep<AdamW, 2>),
    Sgd(FusedStep<Sgd, 1>),
    Composed(ModuleOptimizer),
}

impl OptimiserState {
    /// With fresh state.
    pub fn new(settings: &Optimiser, device: &Device) -> Self {
        let &Optimiser { name, momentum, weight_decay, .. } = settings;
        let (adamw, sgd) = (AdamW { momentum, weight_decay }, Sgd { momentum, weight_decay });
        match (name, on_cpu(device)) {
            (OptimiserName::AdamW, true) => Self::AdamW(FusedStep::new(adamw)),
            (OptimiserName::AdamW, false) => Self::Composed(adamw.composed().into()),
            (OptimiserName::Sgd, true) => Self::Sgd(FusedStep::new(sgd)),
            (OptimiserName::Sgd, false) => Self::Composed(sgd.composed().into()),
            (OptimiserName::Lars, _) => Self::Composed(Lars::new(momentum, weight_decay).into()),
        }
    }

    /// One step.
    pub fn step<M: Module>(&mut self, rate: f64, model: M, gradients: GradientsParams) -> M {
        match self {
            Self::AdamW(inner) => inner.step(rate, model, gradients),
            Self::Sgd(inner) => inner.step(rate, model, gradients),
            Self::Composed(inner) => inner.step(rate, model, gradients),
        }
    }

    /// The state as bytes.
    pub fn save(&self) -> Result<Vec<u8>, StateError> {
        match self {
            Self::AdamW(inner) => inner.save(),
            Self::Sgd(inner) => inner.save(),
            Self::Composed(inner) => inner.into_bytes().map(|b| b.to_vec()).map_err(StateError::optimiser),
        }
    }

    /// Goes on from what [`save`](Self::save) gave.
    pub fn load(&mut self, bytes: Vec<u8>) -> Result<(), StateError> {
        match self {
            Self::AdamW(inner) => inner.load(&bytes)?,
            Self::Sgd(inner) => inner.load(&bytes)?,
            Self::Composed(inner) => {
                let loaded = inner.clone().from_bytes(Bytes::from_bytes_vec(bytes));
                *inner = loaded.map_err(StateError::optimiser)?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Tensor;

    use super::super::settings::{adamw, lars, sgd};
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
        for settings in [adamw(0.1).with_weight_decay(0.1), sgd(0.1).with_momentum(0.5).with_weight_decay(0.25)] {
            let (momentum, weight_decay) = (settings.momentum, settings.weight_decay);
            let composed = match settings.name {
                OptimiserName::AdamW => AdamW { momentum, weight_decay }.composed().into(),
                _ => Sgd { momentum, weight_decay }.composed().into(),
            };
            let ours = steps(layer.clone(), &mut OptimiserState::new(&settings, &device), 0..4, &device);
            let theirs = steps(layer.clone(), &mut OptimiserState::Composed(composed), 0..4, &device);
            assert_ne!(values_of(&ours), values_of(&layer));
            for (a, b) in values_of(&ours).into_iter().zip(values_of(&theirs)) {
                assert!((a - b).abs() < 1e-5, "{settings:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn a_saved_state_goes_on_with_the_same_bits() {
        let device = Device::flex().autodiff();
        for settings in [adamw(0.1), sgd(0.1), lars(0.1)] {
            let mut state = OptimiserState::new(&settings, &device);
            let layer = steps(LinearConfig::new(3, 2).init(&device), &mut state, 0..2, &device);
            let mut loaded = OptimiserState::new(&settings, &device);
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
        let layer = OptimiserState::new(&adamw(0.1), &device).step(0.1, layer, GradientsParams::new());
        assert_eq!(values_of(&layer), before);
    }
}
