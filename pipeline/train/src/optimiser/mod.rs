//! Optimisers and what goes with them: learning-rate schedules and gradient clipping.

mod adamw;
mod fused_step;
mod gradient_clipping;
mod lars;
mod schedule;
mod settings;
mod sgd;
mod state;

pub(crate) use gradient_clipping::clip_to_norm;
pub use schedule::Schedule;
pub use settings::{Optimiser, adamw, lars, sgd};
pub(crate) use state::OptimiserState;
