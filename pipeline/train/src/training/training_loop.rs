//! Training loop: batches in, steps out, checkpoints and metrics on the way.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use relata_data::feature_store::FeatureStore;
use relata_data::index::Row;
use relata_data::view::Views;
use relata_graph::Graph;

use super::checkpoint::Checkpoints;
use super::collapse::CollapseDetector;
use super::metrics::MetricRow;
use crate::batch::{Batch, Loader, Sampler};
use crate::error::{Result, TrainError};
use crate::fit::Fit;
use crate::learner::{Learner, StepOutcome};

/// Metrics are kept for about this many steps of a run.
const MEASURED_STEPS: u64 = 200;

/// Where training stands.
#[derive(Debug, Clone, Copy)]
pub struct TrainingProgress {
    /// Steps taken.
    pub step: u64,
    /// Steps of the whole run.
    pub total_steps: u64,
    /// The last step's loss.
    pub loss: f64,
    /// Samples per second since the start or resumption.
    pub samples_per_second: f64,
    /// Share of the time spent waiting for batches.
    pub stall: f64,
}

/// Everything a training run needs.
pub struct Training<'a> {
    /// Features of all samples.
    pub features: FeatureStore,
    /// The graph.
    pub graph: Arc<Graph>,
    /// The views.
    pub views: Arc<Views>,
    /// The rows to train on.
    pub rows: Arc<Vec<Row>>,
    /// Settings.
    pub fit: &'a Fit,
    /// Where checkpoints go.
    pub checkpoints: Checkpoints,
    /// Set from outside to stop after the current step.
    pub stop: &'a AtomicBool,
}

/// What training came to.
#[derive(Debug, Clone)]
pub struct TrainingOutcome {
    /// Steps taken.
    pub steps: u64,
    /// The step at which this process took over; 0 for a fresh run.
    pub resumed_at: u64,
    /// Everything measured.
    pub metrics: Vec<MetricRow>,
}

impl fmt::Debug for Training<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Training").field("rows", &self.rows.len()).field("fit", self.fit).finish_non_exhaustive()
    }
}

impl Training<'_> {
    /// Steps of the whole run.
    pub fn steps(&self) -> u64 {
        let batch = self.fit.batch.min(self.rows.len()).max(1);
        (self.rows.len() / batch).max(1) as u64 * self.fit.epochs
    }

    /// Trains to the end, from the latest checkpoint if there is one; the last step is always checkpointed.
    pub fn run(
        &self,
        learner: &mut dyn Learner,
        embedding_width: usize,
        on_step: &mut dyn FnMut(TrainingProgress),
    ) -> Result<TrainingOutcome> {
        let (rows, views) = (self.rows.len(), self.views.count());
        if rows < 2 {
            return Err(TrainError::TooFewRows { rows });
        }
        if !self.graph.has_positive(&self.rows, views) {
            return Err(TrainError::NoPositive { rows, views });
        }
        let sampler = Sampler::new(self.rows.clone(), self.fit.batch, self.fit.batches, self.fit.seed, &self.graph);
        let per_epoch = sampler.steps_per_epoch();
        let total_steps = per_epoch * self.fit.epochs;
        let mut metrics = Vec::new();
        let (mut first, mut low) = (0, 0);
        if let Some(checkpoint) = self.checkpoints.latest()? {
            self.checkpoints.load(&checkpoint, learner, checkpoint.step < total_steps)?;
            (first, metrics, low) = (checkpoint.step, checkpoint.metrics, checkpoint.low_ranks);
        }
        let (features, graph, views) = (self.features.clone(), self.graph.clone(), self.views.clone());
        let mut loader = Loader::start(features, graph, views, sampler, learner.content(), first..total_steps)?;
        // A text is as good as many numbers.
        let shape = self.features.shape();
        let numbers = if shape.bags() > 0 { usize::MAX } else { shape.len() };
        let mut detector = CollapseDetector::new(embedding_width, numbers, self.fit.allow_collapse, total_steps, low);
        let mut clock = Clock::start();
        for step in first..total_steps {
            let batch = clock.wait(|| loader.next_batch())?.ok_or(TrainError::Numerical {
                routine: "batch preparation",
                reason: "its thread ended early; the message above says why".to_owned(),
            })?;
            let (epoch, samples) = (batch.epoch, batch.samples);
            let checks = detector.as_ref().is_some_and(|detector| detector.is_due(step));
            let learning_rate =
                self.fit.optimiser_settings().learning_rate() * self.fit.schedule.factor(step, total_steps);
            let result = self.step(learner, batch, step, learning_rate, checks)?;
            clock.samples += samples;
            let done = step + 1;
            if let (Some(detector), Some(embeddings)) = (&mut detector, &result.embeddings) {
                let check = detector.check(embeddings)?;
                if check.collapsed {
                    let checkpoint = self.last_good()?;
                    return Err(TrainError::Collapsed { step, rank: check.rank, width: embedding_width, checkpoint });
                }
                metrics.push(MetricRow::now(done, epoch, "effective_rank".to_owned(), check.rank));
            }
            if done.is_multiple_of((total_steps / MEASURED_STEPS).max(1)) || done == total_steps {
                measure(&mut metrics, done, epoch, &result, learning_rate, clock.stall());
            }
            let rate = clock.samples_per_second();
            on_step(TrainingProgress {
                step: done,
                total_steps,
                loss: result.loss,
                samples_per_second: rate,
                stall: clock.stall(),
            });
            let low = detector.as_ref().map_or(0, CollapseDetector::low);
            self.checkpoint_if_due(learner, (done, total_steps), &metrics, low, &mut clock)?;
        }
        Ok(TrainingOutcome { steps: total_steps, resumed_at: first, metrics })
    }

    fn step(
        &self,
        learner: &mut dyn Learner,
        batch: Batch,
        step: u64,
        learning_rate: f64,
        keep: bool,
    ) -> Result<StepOutcome> {
        let result = learner.step(batch.nodes, &batch.edges, learning_rate, keep);
        if !result.loss.is_finite() {
            return Err(TrainError::Diverged { step, loss: result.loss, checkpoint: self.last_good()? });
        }
        Ok(result)
    }

    fn checkpoint_if_due(
        &self,
        learner: &dyn Learner,
        (done, total_steps): (u64, u64),
        metrics: &[MetricRow],
        low_ranks: u32,
        clock: &mut Clock,
    ) -> Result<()> {
        let due = match self.fit.checkpoint_steps {
            Some(steps) => done.is_multiple_of(steps),
            None => clock.since_checkpoint.elapsed() >= self.fit.checkpoint_every,
        };
        let stopped = self.stop.load(Ordering::Relaxed);
        // While ranks are low the last checkpoint is kept: it may be the last good one.
        if (due && low_ranks == 0) || stopped || done == total_steps {
            if !learner.is_finite() {
                // The loss was still a number, but the step that it led to was not.
                return Err(TrainError::Diverged { step: done, loss: f64::NAN, checkpoint: self.last_good()? });
            }
            let checkpoint = self.checkpoints.write(learner, done, total_steps, metrics, low_ranks)?;
            clock.since_checkpoint = Instant::now();
            if stopped && done < total_steps {
                return Err(TrainError::Interrupted { step: done, checkpoint });
            }
        }
        Ok(())
    }

    fn last_good(&self) -> Result<Option<std::path::PathBuf>> {
        Ok(self.checkpoints.latest()?.map(|_| self.checkpoints.latest_path()))
    }
}

fn measure(metrics: &mut Vec<MetricRow>, step: u64, epoch: u64, result: &StepOutcome, learning_rate: f64, stall: f64) {
    let mut push = |name: String, value: f64| metrics.push(MetricRow::now(step, epoch, name, value));
    push("loss".to_owned(), result.loss);
    for (name, value) in &result.terms {
        push(format!("loss.{name}"), *value);
    }
    push("learning_rate".to_owned(), learning_rate);
    push("stall".to_owned(), stall);
}

/// Times the loop and how long it waits for data.
struct Clock {
    start: Instant,
    since_checkpoint: Instant,
    waited: Duration,
    samples: usize,
}

impl Clock {
    fn start() -> Self {
        Self { start: Instant::now(), since_checkpoint: Instant::now(), waited: Duration::ZERO, samples: 0 }
    }

    fn wait<T>(&mut self, work: impl FnOnce() -> T) -> T {
        let before = Instant::now();
        let result = work();
        self.waited += before.elapsed();
        result
    }

    fn stall(&self) -> f64 {
        self.waited.as_secs_f64() / self.start.elapsed().as_secs_f64().max(1e-9)
    }

    fn samples_per_second(&self) -> f64 {
        self.samples as f64 / self.start.elapsed().as_secs_f64().max(1e-9)
    }
}
