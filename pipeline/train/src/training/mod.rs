//! Training: the loop over batches, checkpoints, metrics and collapse detection.

mod checkpoint;
mod collapse;
mod metrics;
mod training_loop;

pub use checkpoint::{Checkpoint, Checkpoints};
pub use metrics::MetricRow;
pub use training_loop::{Training, TrainingOutcome, TrainingProgress};
