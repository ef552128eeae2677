//! Training: encoders, graph losses, batches over a graph and the training loop, on burn.
//!
//! Modules build on each other in this order: [`layer`], [`batch`] and [`optimiser`]; [`model`]; [`fit`]; [`learner`];
//! [`encoder`]; [`training`]. [`closed_form`] needs none of them.
#![warn(missing_debug_implementations)]
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod batch;
pub mod closed_form;
mod device;
mod effective_rank;
pub mod encoder;
mod error;
pub mod fit;
pub mod layer;
pub mod learner;
mod memory;
pub mod model;
pub mod optimiser;
pub mod training;

/// The version of burn that encoders are written for, for a user's own modules.
pub use burn;
pub use device::DeviceChoice;
pub use effective_rank::effective_rank;
pub use error::{Result, StateError, TrainError};
pub use relata_loss as loss;
