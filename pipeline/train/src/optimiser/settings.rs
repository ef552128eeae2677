//! Optimiser settings: AdamW, SGD or LARS with a peak learning rate.

use std::fmt;

use relata_registry::Description;
use serde::{Deserialize, Serialize};

use crate::error::{Result, TrainError};

/// An optimiser and its peak learning rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
pub struct Optimiser {
    pub(super) name: OptimiserName,
    learning_rate: f64,
    pub(super) weight_decay: f64,
    pub(super) momentum: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum OptimiserName {
    AdamW,
    Sgd,
    Lars,
}

/// What a plan has of an optimiser; what is missing is as its function has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stored {
    name: OptimiserName,
    learning_rate: f64,
    weight_decay: Option<f64>,
    momentum: Option<f64>,
}

impl From<Stored> for Optimiser {
    fn from(stored: Stored) -> Self {
        let default = match stored.name {
            OptimiserName::AdamW => adamw(stored.learning_rate),
            OptimiserName::Sgd => sgd(stored.learning_rate),
            OptimiserName::Lars => lars(stored.learning_rate),
        };
        Self {
            weight_decay: stored.weight_decay.unwrap_or(default.weight_decay),
            momentum: stored.momentum.unwrap_or(default.momentum),
            ..default
        }
    }
}

/// AdamW (Loshchilov and Hutter 2019), weight decay 1e-4.
///
/// ```
/// use relata_train::optimiser::adamw;
///
/// let optimiser = adamw(0.001).with_weight_decay(0.01);
/// optimiser.check()?;
/// assert_eq!(optimiser.describe().to_string(), "adamw learning_rate=0.001 momentum=0.9 weight_decay=0.01");
/// # Ok::<(), relata_train::TrainError>(())
/// ```
pub fn adamw(learning_rate: f64) -> Optimiser {
    Optimiser { name: OptimiserName::AdamW, learning_rate, weight_decay: 1e-4, momentum: 0.9 }
}

/// Stochastic gradient descent with momentum 0.9, no weight decay.
///
/// ```
/// use relata_train::optimiser::sgd;
///
/// let optimiser = sgd(0.1).with_weight_decay(0.01);
/// optimiser.check()?;
/// assert_eq!(optimiser.describe().to_string(), "sgd learning_rate=0.1 momentum=0.9 weight_decay=0.01");
/// # Ok::<(), relata_train::TrainError>(())
/// ```
pub fn sgd(learning_rate: f64) -> Optimiser {
    Optimiser { name: OptimiserName::Sgd, learning_rate, weight_decay: 0.0, momentum: 0.9 }
}

/// LARS (You et al. 2017) with momentum 0.9, weight decay 1e-6 and trust coefficient 1e-3, for large batches.
///
/// ```
/// use relata_train::optimiser::lars;
///
/// let optimiser = lars(0.3).with_weight_decay(0.01);
/// optimiser.check()?;
/// assert_eq!(optimiser.describe().to_string(), "lars learning_rate=0.3 momentum=0.9 weight_decay=0.01");
/// # Ok::<(), relata_train::TrainError>(())
/// ```
pub fn lars(learning_rate: f64) -> Optimiser {
    Optimiser { name: OptimiserName::Lars, learning_rate, weight_decay: 1e-6, momentum: 0.9 }
}

impl fmt::Display for OptimiserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AdamW => "adamw",
            Self::Sgd => "sgd",
            Self::Lars => "lars",
        })
    }
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
        let mut described = Description::of_fields(self.name.to_string(), self);
        described.values.remove("name");
        described
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_written_and_read_back() {
        for optimiser in [adamw(0.1), sgd(0.2).with_momentum(0.5), lars(0.3).with_weight_decay(0.01)] {
            let written = serde_json::to_value(&optimiser).unwrap();
            assert_eq!(written, serde_json::to_value(optimiser.describe()).unwrap());
            assert_eq!(serde_json::from_value::<Optimiser>(written).unwrap(), optimiser);
        }
        let short = serde_json::from_str::<Optimiser>(r#"{"name": "lars", "learning_rate": 0.3}"#).unwrap();
        assert_eq!(short, lars(0.3));
        assert!(serde_json::from_str::<Optimiser>(r#"{"name": "lars", "learning_rate": 0.3, "decay": 1}"#).is_err());
    }
}
