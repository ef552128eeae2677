//! Training: encoders, graph losses, batches over a graph and the fitting loop. The only crate that names burn.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod batch;
pub mod closed_form;
mod device;
pub mod encoder;
mod error;
pub mod fit;
pub mod layer;
pub mod optimiser;
mod spectrum;

/// The version of burn that encoders are written for, for a user's own modules.
pub use burn;
pub use device::DeviceChoice;
pub use error::{Result, TrainError};
pub use relata_loss as loss;
pub use spectrum::effective_rank;
