//! Stochastic gradient descent with momentum: on the CPU in one pass over all parameters, on other devices burn's own.

use burn::optim::SgdConfig;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use relata_kernels::Isa;
use relata_kernels::optimiser::{self, Parameter, SgdStep};

use super::fused_step::UpdateRule;

/// `velocity = momentum velocity + gradient + decay weights`; the weights lose `rate velocity`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sgd {
    pub momentum: f64,
    pub weight_decay: f64,
}

impl Sgd {
    /// The same of burn's operations.
    pub fn composed(&self) -> burn::optim::Sgd {
        let momentum = MomentumConfig { momentum: self.momentum, dampening: 0.0, nesterov: false };
        let decay = WeightDecayConfig::new(self.weight_decay as f32);
        SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(Some(decay)).build()
    }
}

impl UpdateRule<1> for Sgd {
    fn step(&self, rate: f64, _: u64, parameters: Vec<Parameter<'_, 1>>) {
        let [rate, momentum, decay] = [rate, self.momentum, self.weight_decay].map(|x| x as f32);
        optimiser::sgd(Isa::best(), SgdStep { rate, momentum, decay }, parameters);
    }
}
