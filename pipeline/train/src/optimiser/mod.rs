//! Optimisers and what goes with them: learning-rate schedules and gradient clipping.

mod adamw;
mod clip;
mod lars;
mod one_pass;
mod schedule;
mod sgd;
mod updates;

use relata_registry::Description;

pub(crate) use clip::clip_to_norm;
pub use schedule::Schedule;
pub(crate) use updates::Updates;

use crate::{Result, TrainError};

/// An optimiser and its peak learning rate.
#[derive(Debug, Clone, PartialEq)]
pub struct Optimiser {
    kind: Kind,
    learning_rate: f64,
    weight_decay: f64,
    momentum: f64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind {
    AdamW,
    Sgd,
    Lars,
}

/// AdamW (Loshchilov and Hutter 2019), weight decay 1e-4.
pub fn adamw(learning_rate: f64) -> Optimiser {
    Optimiser { kind: Kind::AdamW, learning_rate, weight_decay: 1e-4, momentum: 0.9 }
}

/// Stochastic gradient descent with momentum 0.9, no weight decay.
pub fn sgd(learning_rate: f64) -> Optimiser {
    Optimiser { kind: Kind::Sgd, learning_rate, weight_decay: 0.0, momentum: 0.9 }
}

/// LARS (You et al. 2017) with momentum 0.9, weight decay 1e-6 and trust coefficient 1e-3, for large batches.
pub fn lars(learning_rate: f64) -> Optimiser {
    Optimiser { kind: Kind::Lars, learning_rate, weight_decay: 1e-6, momentum: 0.9 }
}

impl Optimiser {
    /// Another weight decay.
    pub fn with_weight_decay(mut self, weight_decay: f64) -> Self {
        self.weight_decay = weight_decay;
        self
    }

    /// Another momentum (the first beta of AdamW).
    pub fn with_momentum(mut self, momentum: f64) -> Self {
        self.momentum = momentum;
        self
    }

    /// The peak learning rate.
    pub fn learning_rate(&self) -> f64 {
        self.learning_rate
    }

    /// Name and settings, for the plan.
    pub fn describe(&self) -> Description {
        let name = match self.kind {
            Kind::AdamW => "adamw",
            Kind::Sgd => "sgd",
            Kind::Lars => "lars",
        };
        Description::new(name)
            .with("learning_rate", &self.learning_rate)
            .with("weight_decay", &self.weight_decay)
            .with("momentum", &self.momentum)
    }

    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<()> {
        if !(self.learning_rate > 0.0 && self.learning_rate.is_finite()) {
            return Err(TrainError::setting("optimiser", "learning_rate", "above 0", self.learning_rate));
        }
        if !(self.weight_decay >= 0.0 && self.weight_decay.is_finite()) {
            return Err(TrainError::setting("optimiser", "weight_decay", "at least 0", self.weight_decay));
        }
        if !(0.0..1.0).contains(&self.momentum) {
            return Err(TrainError::setting("optimiser", "momentum", "in [0, 1)", self.momentum));
        }
        Ok(())
    }
}
