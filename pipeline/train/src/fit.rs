//! Fit: the settings of a training run.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use relata_registry::Description;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::batch::Batches;
use crate::device::DeviceChoice;
use crate::error::{Result, TrainError};
use crate::optimiser::{Optimise, Schedule, adamw, optimiser_of};

/// How long and how to train. What it writes is everything that changes what is learned, and reads back; checkpoint
/// times do not change it and are left out.
///
/// ```
/// use relata_train::fit::Fit;
/// use relata_train::optimiser::adamw;
///
/// let fit = Fit::epochs(20).batch(128).optimiser(adamw(1e-3)).seed(7);
/// let written = serde_json::to_string(&fit).unwrap();
/// assert_eq!(serde_json::from_str::<Fit>(&written).unwrap(), fit);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fit {
    pub(crate) epochs: u64,
    pub(crate) batch: usize,
    pub(crate) batches: Batches,
    pub(crate) seed: u64,
    optimiser: AnyOptimiser,
    pub(crate) schedule: Schedule,
    pub(crate) clip: Option<f64>,
    pub(crate) allow_collapse: bool,
    pub(crate) device: DeviceChoice,
    pub(crate) from_run: Option<PathBuf>,
    #[serde(skip)]
    pub(crate) checkpoint_steps: Option<u64>,
    #[serde(skip)]
    pub(crate) checkpoint_every: Duration,
}

impl Default for Fit {
    /// 20 epochs with batches of 256 samples, AdamW at 1e-3, 10% warm-up and a cosine, a checkpoint every minute.
    fn default() -> Self {
        Self {
            epochs: 20,
            batch: 256,
            batches: Batches::by_sample(),
            seed: 0,
            optimiser: AnyOptimiser(Arc::new(adamw(1e-3))),
            schedule: Schedule::cosine(0.1),
            clip: None,
            allow_collapse: false,
            device: DeviceChoice::Auto,
            from_run: None,
            checkpoint_steps: None,
            checkpoint_every: Duration::from_secs(60),
        }
    }
}

impl Fit {
    /// This many epochs; the rest as in [`Fit::default`].
    ///
    /// ```
    /// use relata_train::fit::Fit;
    ///
    /// assert_eq!(Fit::epochs(5).epoch_count(), 5);
    /// ```
    pub fn epochs(epochs: u64) -> Self {
        Self { epochs, ..Self::default() }
    }

    /// How many samples a batch has.
    pub fn batch_size(&self) -> usize {
        self.batch
    }

    /// Samples in a batch (each with all its views).
    ///
    /// ```
    /// use relata_train::fit::Fit;
    ///
    /// assert_eq!(Fit::epochs(20).batch(128).batch_size(), 128);
    /// ```
    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }

    /// By sample, by edge, or mixed.
    ///
    /// ```
    /// use relata_train::batch::Batches;
    /// use relata_train::fit::Fit;
    ///
    /// let fit = Fit::epochs(20).batches(Batches::by_edge());
    /// assert!(fit.check().is_ok());
    /// assert_ne!(fit, Fit::epochs(20));
    /// ```
    pub fn batches(mut self, batches: Batches) -> Self {
        self.batches = batches;
        self
    }

    /// The optimiser and its peak learning rate.
    ///
    /// ```
    /// use relata_train::fit::Fit;
    /// use relata_train::optimiser::sgd;
    ///
    /// let fit = Fit::epochs(20).optimiser(sgd(0.1));
    /// assert_eq!(fit.optimiser_settings().describe().name, "sgd");
    /// ```
    pub fn optimiser(mut self, optimiser: impl Optimise + 'static) -> Self {
        self.optimiser = AnyOptimiser(Arc::new(optimiser));
        self
    }

    /// How the learning rate moves.
    ///
    /// ```
    /// use relata_train::fit::Fit;
    /// use relata_train::optimiser::Schedule;
    ///
    /// let fit = Fit::epochs(20).schedule(Schedule::cosine(0.05).with_last(0.01));
    /// assert!(fit.check().is_ok());
    /// ```
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Scales gradients down to this norm over all parameters.
    ///
    /// ```
    /// use relata_train::fit::Fit;
    ///
    /// assert_eq!(Fit::epochs(20).clip(1.0).describe()["clip"], 1.0);
    /// ```
    pub fn clip(mut self, norm: f64) -> Self {
        self.clip = Some(norm);
        self
    }

    /// The seed of weights, batches and views.
    ///
    /// ```
    /// use relata_train::fit::Fit;
    ///
    /// assert_eq!(Fit::epochs(20).seed(7).seed_value(), 7);
    /// ```
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// A checkpoint every so many steps, instead of every minute.
    ///
    /// ```
    /// use relata_train::fit::Fit;
    ///
    /// // What is learned, and so the plan, does not depend on it.
    /// assert_eq!(Fit::epochs(20).checkpoint_steps(100).describe(), Fit::epochs(20).describe());
    /// ```
    pub fn checkpoint_steps(mut self, steps: u64) -> Self {
        self.checkpoint_steps = Some(steps);
        self
    }

    /// A checkpoint whenever this much time has passed.
    ///
    /// ```
    /// use std::time::Duration;
    /// use relata_train::fit::Fit;
    ///
    /// let fit = Fit::epochs(20).checkpoint_every(Duration::from_secs(600));
    /// assert!(fit.check().is_ok());
    /// ```
    pub fn checkpoint_every(mut self, time: Duration) -> Self {
        self.checkpoint_every = time;
        self.checkpoint_steps = None;
        self
    }

    /// Lets the representation collapse, as it should with few classes and full labels.
    ///
    /// ```
    /// use relata_train::fit::Fit;
    ///
    /// assert_eq!(Fit::epochs(20).allow_collapse().describe()["allow_collapse"], true);
    /// ```
    pub fn allow_collapse(mut self) -> Self {
        self.allow_collapse = true;
        self
    }

    /// Where to train.
    ///
    /// ```
    /// use relata_train::DeviceChoice;
    /// use relata_train::fit::Fit;
    ///
    /// assert_eq!(Fit::epochs(20).device(DeviceChoice::Cpu).device_choice(), DeviceChoice::Cpu);
    /// ```
    pub fn device(mut self, device: DeviceChoice) -> Self {
        self.device = device;
        self
    }

    /// Starts from the weights that another run of the same encoder and projector ended with, instead of fresh ones.
    ///
    /// ```
    /// use relata_train::fit::Fit;
    ///
    /// let fit = Fit::epochs(5).from_run("runs/first");
    /// assert_eq!(fit.start(), Some(std::path::Path::new("runs/first")));
    /// ```
    pub fn from_run(mut self, folder: impl Into<PathBuf>) -> Self {
        self.from_run = Some(folder.into());
        self
    }

    /// The run whose weights training starts from.
    pub fn start(&self) -> Option<&Path> {
        self.from_run.as_deref()
    }

    /// The number of epochs.
    pub fn epoch_count(&self) -> u64 {
        self.epochs
    }

    /// The same settings for another number of epochs.
    ///
    /// ```
    /// use relata_train::fit::Fit;
    ///
    /// assert_eq!(Fit::epochs(20).seed(7).for_epochs(4), Fit::epochs(4).seed(7));
    /// ```
    pub fn for_epochs(mut self, epochs: u64) -> Self {
        self.epochs = epochs;
        self
    }

    /// The optimiser and its peak learning rate.
    pub fn optimiser_settings(&self) -> &dyn Optimise {
        self.optimiser.0.as_ref()
    }

    /// The seed.
    pub fn seed_value(&self) -> u64 {
        self.seed
    }

    /// The device.
    pub fn device_choice(&self) -> DeviceChoice {
        self.device
    }

    /// Everything that changes what is learned, for the plan.
    pub fn describe(&self) -> Description {
        Description::of_fields("fit", self)
    }

    /// Refuses settings that make no sense.
    ///
    /// ```
    /// use relata_train::fit::Fit;
    ///
    /// assert!(Fit::epochs(20).check().is_ok());
    /// assert!(Fit::epochs(0).check().is_err());
    /// ```
    pub fn check(&self) -> Result<()> {
        self.optimiser.0.check()?;
        self.schedule.check()?;
        self.batches.check()?;
        if self.epochs == 0 {
            return Err(TrainError::setting("fit", "epochs", "above 0", 0));
        }
        if self.batch < 2 {
            return Err(TrainError::setting("fit", "batch", "at least 2", self.batch));
        }
        if self.checkpoint_steps == Some(0) {
            return Err(TrainError::setting("fit", "checkpoint_steps", "above 0", 0));
        }
        match self.clip {
            Some(norm) if norm.is_nan() || norm <= 0.0 => Err(TrainError::setting("fit", "clip", "above 0", norm)),
            _ => Ok(()),
        }
    }
}

/// The optimiser of a run, written as its description.
#[derive(Debug, Clone)]
struct AnyOptimiser(Arc<dyn Optimise>);

impl PartialEq for AnyOptimiser {
    fn eq(&self, other: &Self) -> bool {
        self.0.describe() == other.0.describe()
    }
}

impl Serialize for AnyOptimiser {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.describe().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for AnyOptimiser {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let optimiser = optimiser_of(Description::deserialize(deserializer)?);
        Ok(Self(Arc::from(optimiser.map_err(D::Error::custom)?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::optimiser::sgd;

    #[test]
    fn settings_are_written_and_read_back() {
        let fit = Fit::epochs(3).batch(16).batches(Batches::mixed(0.5)).optimiser(sgd(0.1)).clip(1.0).seed(9);
        let fit = fit.schedule(Schedule::constant()).allow_collapse().device(DeviceChoice::Cpu).from_run("runs/a");
        let description = fit.describe();
        assert_eq!(description["optimiser"]["name"], "sgd");
        assert_eq!(description.settings::<Fit>().unwrap(), fit);
        assert!(fit.clone().checkpoint_steps(5).describe() == description);
        assert!(description.with("epoch", 3).settings::<Fit>().is_err());
    }
}
