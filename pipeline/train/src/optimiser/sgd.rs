//! Stochastic gradient descent (SGD) with momentum: on the CPU in one pass over all parameters, on other devices burn's own.
//!
//! `velocity = momentum velocity + gradient + decay weights`; the weights lose `rate velocity`.

use burn::optim::SgdConfig;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::tensor::Device;
use relata_kernels::Isa;
use relata_kernels::optimiser::{self, Parameter, SgdStep};
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use super::fused_step::UpdateRule;
use super::optimise::{Optimise, check_settings};
use super::state::OptimiserState;
use crate::error::Result;

/// See [`sgd`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    learning_rate: f64,
    weight_decay: f64,
    momentum: f64,
}

impl Default for Sgd {
    fn default() -> Self {
        Self { learning_rate: 0.1, weight_decay: 0.0, momentum: 0.9 }
    }
}

impl Settings for Sgd {
    const NAME: &'static str = "sgd";
    const SUMMARY: &'static str = "stochastic gradient descent with momentum";
}

/// Stochastic gradient descent with momentum 0.9, no weight decay.
///
/// ```
/// use relata_train::optimiser::{Optimise, sgd};
///
/// let optimiser = sgd(0.1).with_weight_decay(0.01);
/// optimiser.check()?;
/// assert_eq!(optimiser.describe().to_string(), "sgd learning_rate=0.1 momentum=0.9 weight_decay=0.01");
/// # Ok::<(), relata_train::TrainError>(())
/// ```
pub fn sgd(learning_rate: f64) -> Sgd {
    Sgd { learning_rate, ..Sgd::default() }
}

impl Sgd {
    /// Another weight decay.
    ///
    /// ```
    /// use relata_train::optimiser::{Optimise, sgd};
    ///
    /// assert_eq!(sgd(0.1).with_weight_decay(0.01).describe()["weight_decay"], 0.01);
    /// ```
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// Another momentum.
    ///
    /// ```
    /// use relata_train::optimiser::{Optimise, sgd};
    ///
    /// assert_eq!(sgd(0.1).with_momentum(0.95).describe()["momentum"], 0.95);
    /// ```
    pub fn with_momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// The same of burn's operations.
    pub(super) fn composed(&self) -> burn::optim::Sgd {
        let momentum = MomentumConfig { momentum: self.momentum, dampening: 0.0, nesterov: false };
        let decay = WeightDecayConfig::new(self.weight_decay as f32);
        SgdConfig::new().with_momentum(Some(momentum)).with_weight_decay(Some(decay)).build()
    }
}

impl Optimise for Sgd {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn check(&self) -> Result<()> {
        check_settings(Self::NAME, self.learning_rate, self.weight_decay, self.momentum)
    }

    fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    fn state(&self, device: &Device) -> OptimiserState {
        OptimiserState::fused_on_cpu(device, self.clone(), Self::composed)
    }
}

impl UpdateRule<1> for Sgd {
    fn step(&self, rate: f64, _: u64, parameters: Vec<Parameter<'_, 1>>) {
        let [rate, momentum, decay] = [rate, self.momentum, self.weight_decay].map(|x| x as f32);
        optimiser::sgd(Isa::best(), SgdStep { rate, momentum, decay }, parameters);
    }
}
