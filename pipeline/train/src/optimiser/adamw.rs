//! AdamW: on the CPU in one pass over all parameters, on other devices burn's own.

use burn::optim::AdamWConfig;
use burn::tensor::Device;
use relata_kernels::Isa;
use relata_kernels::optimiser::{self, AdamWStep, Parameter};
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use super::fused_step::UpdateRule;
use super::optimise::{Optimise, check_settings};
use super::state::OptimiserState;
use crate::error::Result;

const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

/// See [`adamw`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AdamW {
    learning_rate: f64,
    weight_decay: f64,
    momentum: f64,
}

impl Default for AdamW {
    fn default() -> Self {
        Self { learning_rate: 1e-3, weight_decay: 1e-4, momentum: 0.9 }
    }
}

impl Settings for AdamW {
    const NAME: &'static str = "adamw";
    const SUMMARY: &'static str = "Adam with decoupled weight decay (Loshchilov and Hutter 2019)";
}

/// AdamW (Loshchilov and Hutter 2019), weight decay 1e-4, beta 1 = 0.9, beta 2 = 0.999, epsilon = 1e-8.
///
/// ```
/// use relata_train::optimiser::{Optimise, adamw};
///
/// let optimiser = adamw(0.001).with_weight_decay(0.01);
/// optimiser.check()?;
/// assert_eq!(optimiser.describe().to_string(), "adamw learning_rate=0.001 momentum=0.9 weight_decay=0.01");
/// # Ok::<(), relata_train::TrainError>(())
/// ```
pub fn adamw(learning_rate: f64) -> AdamW {
    AdamW { learning_rate, ..AdamW::default() }
}

impl AdamW {
    /// Another weight decay.
    ///
    /// ```
    /// use relata_train::optimiser::{Optimise, adamw};
    ///
    /// assert_eq!(adamw(0.001).with_weight_decay(0.01).describe()["weight_decay"], 0.01);
    /// ```
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// Another momentum (the first beta).
    ///
    /// ```
    /// use relata_train::optimiser::{Optimise, adamw};
    ///
    /// assert_eq!(adamw(0.001).with_momentum(0.95).describe()["momentum"], 0.95);
    /// ```
    pub fn with_momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// The same of burn's operations.
    pub(super) fn composed(&self) -> burn::optim::AdamW {
        AdamWConfig::new()
            .with_beta_1(self.momentum as f32)
            .with_beta_2(BETA_2)
            .with_epsilon(EPSILON)
            .with_weight_decay(self.weight_decay as f32)
            .build()
    }
}

impl Optimise for AdamW {
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

impl UpdateRule<2> for AdamW {
    fn step(&self, rate: f64, time: u64, parameters: Vec<Parameter<'_, 2>>) {
        let step = AdamWStep {
            rate,
            beta_1: self.momentum as f32,
            beta_2: BETA_2,
            epsilon: EPSILON,
            decay: self.weight_decay,
            time: i32::try_from(time).unwrap_or(i32::MAX),
        };
        optimiser::adamw(Isa::best(), step, parameters);
    }
}
