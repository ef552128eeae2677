//! AdamW: on the CPU in one pass over all parameters, on other devices burn's own.

use burn::optim::AdamWConfig;
use relata_kernels::Isa;
use relata_kernels::optimiser::{self, AdamWStep, Parameter};

use super::fused_step::UpdateRule;

/// Adam with decoupled weight decay (Loshchilov and Hutter 2019), beta 2 = 0.999, epsilon = 1e-8.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AdamW {
    pub momentum: f64,
    pub weight_decay: f64,
}

const BETA_2: f32 = 0.999;
const EPSILON: f32 = 1e-8;

impl AdamW {
    /// The same of burn's operations.
    pub fn composed(&self) -> burn::optim::AdamW {
        AdamWConfig::new()
            .with_beta_1(self.momentum as f32)
            .with_beta_2(BETA_2)
            .with_epsilon(EPSILON)
            .with_weight_decay(self.weight_decay as f32)
            .build()
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
