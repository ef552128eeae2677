//! Optimisers: the trait that every one implements.

use std::fmt;

use burn::tensor::Device;
use relata_registry::Description;

use super::state::OptimiserState;
use crate::error::{Result, TrainError};

/// An optimiser's settings, among them its peak learning rate.
pub trait Optimise: fmt::Debug + Send + Sync {
    /// Name and settings, for the plan.
    fn describe(&self) -> Description;

    /// Refuses settings that make no sense.
    fn check(&self) -> Result<()>;

    /// The peak learning rate.
    fn learning_rate(&self) -> f64;

    /// A fresh state for a model on this device.
    fn state(&self, device: &Device) -> OptimiserState;
}

/// Refuses values that make no sense of what most optimisers have.
pub(super) fn check_settings(name: &str, learning_rate: f64, weight_decay: f64, momentum: f64) -> Result<()> {
    if !(learning_rate > 0.0 && learning_rate.is_finite()) {
        return Err(TrainError::setting(name, "learning_rate", "above 0", learning_rate));
    }
    if !(weight_decay >= 0.0 && weight_decay.is_finite()) {
        return Err(TrainError::setting(name, "weight_decay", "at least 0", weight_decay));
    }
    if !(0.0..1.0).contains(&momentum) {
        return Err(TrainError::setting(name, "momentum", "in [0, 1)", momentum));
    }
    Ok(())
}
