//! Learner: one model being trained, whatever its encoder.

use relata_data::sample_batch::{SampleBatch, SampleContent};
use relata_schemas::InducedEdges;

use super::head::Head;
use crate::error::StateError;

/// What one step measured.
#[derive(Debug, Clone)]
pub struct StepOutcome {
    /// The loss.
    pub loss: f64,
    /// Its named terms.
    pub terms: Vec<(&'static str, f64)>,
    /// The batch's embeddings `[nodes, width]`, before the step, if asked for.
    pub embeddings: Option<Vec<f32>>,
}

/// A learner's state as bytes.
#[derive(Debug, Clone)]
pub struct LearnerState {
    /// The weights, in the safetensors format.
    pub weights: Vec<u8>,
    /// The optimiser's state.
    pub optimiser: Vec<u8>,
}

/// A model, its loss and its optimiser, whatever the encoder.
pub trait Learner: Send {
    /// What of a table's texts it reads.
    fn content(&self) -> SampleContent;

    /// One optimiser step on samples `[edges.nodes, features]`.
    fn step(&mut self, samples: SampleBatch, edges: &InducedEdges, learning_rate: f64, keep: bool) -> StepOutcome;

    /// Embeddings of `rows` samples (row-major), without training behaviour.
    fn embed(&self, samples: SampleBatch, rows: usize, head: Head) -> Vec<f32>;

    /// The weights and the optimiser's state.
    fn save(&self) -> Result<LearnerState, StateError>;

    /// Loads weights and, to go on training, the optimiser's state.
    fn load(&mut self, weights: Vec<u8>, optimiser: Option<Vec<u8>>) -> Result<(), StateError>;

    /// Whether every weight is a number.
    fn is_finite(&self) -> bool;
}
