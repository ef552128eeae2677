//! An optimiser at work on one model: by the kernels on the CPU, else by burn.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Bytes, Device};

use super::adamw::AdamW;
use super::lars::Lars;
use super::one_pass::OnePass;
use super::sgd::Sgd;
use super::{Kind, Optimiser};
use crate::layer::on_cpu;

/// The optimiser with its state.
pub(crate) enum Updates {
    AdamW(OnePass<AdamW, 2>),
    Sgd(OnePass<Sgd, 1>),
    Composed(ModuleOptimizer),
}

impl Updates {
    /// With fresh state.
    pub fn new(settings: &Optimiser, device: &Device) -> Self {
        let &Optimiser { kind, momentum, weight_decay, .. } = settings;
        let (adamw, sgd) = (AdamW { momentum, weight_decay }, Sgd { momentum, weight_decay });
        match (kind, on_cpu(device)) {
            (Kind::AdamW, true) => Self::AdamW(OnePass::new(adamw)),
            (Kind::AdamW, false) => Self::Composed(adamw.composed().into()),
            (Kind::Sgd, true) => Self::Sgd(OnePass::new(sgd)),
            (Kind::Sgd, false) => Self::Composed(sgd.composed().into()),
            (Kind::Lars, _) => Self::Composed(Lars::new(momentum, weight_decay).into()),
        }
    }

    /// One step.
    pub fn step<M: Module>(&mut self, rate: f64, model: M, gradients: GradientsParams) -> M {
        match self {
            Self::AdamW(updates) => updates.step(rate, model, gradients),
            Self::Sgd(updates) => updates.step(rate, model, gradients),
            Self::Composed(updates) => updates.step(rate, model, gradients),
        }
    }

    /// The state as bytes.
    pub fn save(&self) -> Result<Vec<u8>, String> {
        match self {
            Self::AdamW(updates) => updates.save(),
            Self::Sgd(updates) => updates.save(),
            Self::Composed(updates) => updates.into_bytes().map(|b| b.to_vec()).map_err(|e| e.to_string()),
        }
    }

    /// Goes on from what [`save`](Self::save) gave.
    pub fn load(&mut self, bytes: Vec<u8>) -> Result<(), String> {
        match self {
            Self::AdamW(updates) => updates.load(&bytes)?,
            Self::Sgd(updates) => updates.load(&bytes)?,
            Self::Composed(updates) => {
                let loaded = updates.clone().from_bytes(Bytes::from_bytes_vec(bytes));
                *updates = loaded.map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use burn::nn::{Linear, LinearConfig};
    use burn::tensor::Tensor;

    use super::super::{adamw, lars, sgd};
    use super::*;

    fn numbers(layer: &Linear) -> Vec<f32> {
        let of = |data: burn::tensor::TensorData| data.iter::<f32>().collect::<Vec<_>>();
        let bias = layer.bias.as_ref().map(|bias| of(bias.val().into_data()));
        [of(layer.weight.val().into_data()), bias.unwrap_or_default()].concat()
    }

    /// Steps on a fixed problem; the gradients shrink and change sign.
    fn steps(mut layer: Linear, updates: &mut Updates, range: std::ops::Range<u32>, device: &Device) -> Linear {
        for time in range {
            let x = Tensor::<2>::from_floats([[1.0, 2.0, 3.0], [-1.0, 0.5, 2.0]], device);
            let factor = [1.0, -0.3, 0.01, 0.2][time as usize % 4];
            let loss = layer.forward(x).square().sum().mul_scalar(factor);
            let gradients = GradientsParams::from_grads(loss.backward(), &layer);
            layer = updates.step(0.05, layer, gradients);
        }
        layer
    }

    #[test]
    fn the_kernels_step_as_burn_does() {
        let device = Device::flex().autodiff();
        let layer = LinearConfig::new(3, 2).init(&device);
        for settings in [adamw(0.1).with_weight_decay(0.1), sgd(0.1).with_momentum(0.5).with_weight_decay(0.25)] {
            let (momentum, weight_decay) = (settings.momentum, settings.weight_decay);
            let composed = match settings.kind {
                Kind::AdamW => AdamW { momentum, weight_decay }.composed().into(),
                _ => Sgd { momentum, weight_decay }.composed().into(),
            };
            let ours = steps(layer.clone(), &mut Updates::new(&settings, &device), 0..4, &device);
            let theirs = steps(layer.clone(), &mut Updates::Composed(composed), 0..4, &device);
            assert_ne!(numbers(&ours), numbers(&layer));
            for (a, b) in numbers(&ours).into_iter().zip(numbers(&theirs)) {
                assert!((a - b).abs() < 1e-5, "{settings:?}: {a} {b}");
            }
        }
    }

    #[test]
    fn a_saved_state_goes_on_with_the_same_bits() {
        let device = Device::flex().autodiff();
        for settings in [adamw(0.1), sgd(0.1), lars(0.1)] {
            let mut updates = Updates::new(&settings, &device);
            let layer = steps(LinearConfig::new(3, 2).init(&device), &mut updates, 0..2, &device);
            let mut loaded = Updates::new(&settings, &device);
            loaded.load(updates.save().unwrap()).unwrap();
            let on = steps(layer.clone(), &mut updates, 2..4, &device);
            assert_eq!(numbers(&on), numbers(&steps(layer, &mut loaded, 2..4, &device)));
            assert!(loaded.load(vec![1, 2, 3]).is_err());
        }
    }

    #[test]
    fn a_parameter_without_a_gradient_stays() {
        let device = Device::flex().autodiff();
        let layer = LinearConfig::new(3, 2).init(&device).no_grad();
        let before = numbers(&layer);
        let layer = Updates::new(&adamw(0.1), &device).step(0.1, layer, GradientsParams::new());
        assert_eq!(numbers(&layer), before);
    }
}
