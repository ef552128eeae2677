//! The settings of a training run.

use relata_registry::Description;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::json;

use crate::batch::Batches;
use crate::optimiser::{Optimiser, Schedule, adamw};
use crate::{DeviceChoice, Result, TrainError};

/// How long and how to train. Checkpoint times and the device do not change what is learned on the CPU.
#[derive(Debug, Clone)]
pub struct Fit {
    pub(crate) epochs: u64,
    pub(crate) batch: usize,
    pub(crate) batches: Batches,
    pub(crate) optimiser: Optimiser,
    pub(crate) schedule: Schedule,
    pub(crate) clip: Option<f64>,
    pub(crate) seed: u64,
    pub(crate) every_steps: Option<u64>,
    pub(crate) every: Duration,
    pub(crate) collapse: bool,
    pub(crate) device: DeviceChoice,
    pub(crate) start: Option<PathBuf>,
}

impl Fit {
    /// This many epochs with batches of 256 samples, AdamW at 1e-3, 10% warm-up and a cosine, a checkpoint every minute.
    pub fn epochs(epochs: u64) -> Self {
        Self {
            epochs,
            batch: 256,
            batches: Batches::by_sample(),
            optimiser: adamw(1e-3),
            schedule: Schedule::cosine(0.1),
            clip: None,
            seed: 0,
            every_steps: None,
            every: Duration::from_secs(60),
            collapse: false,
            device: DeviceChoice::Auto,
            start: None,
        }
    }

    /// Samples in a batch (each with all its views).
    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = batch;
        self
    }

    /// By sample, by edge, or mixed.
    pub fn batches(mut self, batches: Batches) -> Self {
        self.batches = batches;
        self
    }

    /// The optimiser and its peak learning rate.
    pub fn optimiser(mut self, optimiser: Optimiser) -> Self {
        self.optimiser = optimiser;
        self
    }

    /// How the learning rate moves.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedule = schedule;
        self
    }

    /// Scales gradients down to this norm over all parameters.
    pub fn clip(mut self, norm: f64) -> Self {
        self.clip = Some(norm);
        self
    }

    /// The seed of weights, batches and views.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// A checkpoint every so many steps, instead of every minute.
    pub fn checkpoint_steps(mut self, steps: u64) -> Self {
        self.every_steps = Some(steps);
        self
    }

    /// A checkpoint whenever this much time has passed.
    pub fn checkpoint_every(mut self, time: Duration) -> Self {
        self.every = time;
        self.every_steps = None;
        self
    }

    /// Lets the representation collapse, as it should with few classes and full labels.
    pub fn allow_collapse(mut self) -> Self {
        self.collapse = true;
        self
    }

    /// Where to train.
    pub fn device(mut self, device: DeviceChoice) -> Self {
        self.device = device;
        self
    }

    /// Starts from the weights that another run of the same encoder and projector ended with, instead of fresh ones.
    pub fn from_run(mut self, folder: impl Into<PathBuf>) -> Self {
        self.start = Some(folder.into());
        self
    }

    /// The run whose weights training starts from.
    pub fn start(&self) -> Option<&Path> {
        self.start.as_deref()
    }

    /// The number of epochs.
    pub fn epoch_count(&self) -> u64 {
        self.epochs
    }

    /// The same settings for another number of epochs.
    pub fn for_epochs(mut self, epochs: u64) -> Self {
        self.epochs = epochs;
        self
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
        Description::new("fit")
            .with("epochs", self.epochs)
            .with("batch", self.batch)
            .with("batches", &self.batches)
            .with("seed", self.seed)
            .with("optimiser", self.optimiser.describe())
            .with("schedule", &self.schedule)
            .with("clip", self.clip)
            .with("allow_collapse", self.collapse)
            .with("device", self.device)
            .with("from_run", &self.start)
    }

    /// Refuses settings that make no sense.
    pub fn check(&self) -> Result<()> {
        self.optimiser.check()?;
        self.schedule.check()?;
        self.batches.check()?;
        if self.epochs == 0 {
            return Err(TrainError::setting("fit", "epochs", "above 0", 0));
        }
        if self.batch < 2 {
            return Err(TrainError::setting("fit", "batch", "at least 2", self.batch));
        }
        if self.every_steps == Some(0) {
            return Err(TrainError::setting("fit", "checkpoint_steps", "above 0", 0));
        }
        match self.clip {
            Some(norm) if norm.is_nan() || norm <= 0.0 => Err(TrainError::setting("fit", "clip", "above 0", norm)),
            _ => Ok(()),
        }
    }
}
