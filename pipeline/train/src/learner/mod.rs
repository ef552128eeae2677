//! Learners: a model, its loss and its optimiser.

mod embed;
mod head;
mod interface;
mod model_learner;

pub use head::Head;
pub use interface::{Learner, LearnerState, StepOutcome};
pub(crate) use model_learner::ModelLearner;
