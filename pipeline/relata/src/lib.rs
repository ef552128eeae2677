//! Relata learns embeddings from a few low-cost relationships between samples.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod audit;
mod cancel;
pub mod dsl;
mod error;
pub mod evaluate;
#[cfg(test)]
mod fixture;
pub mod plot;
pub mod prelude;
pub mod progress;
pub mod report;
pub mod score;
mod signal;
pub mod sql;
mod stages;
pub mod store;

pub use arrow;
pub use burn;
pub use datafusion;

pub use cancel::Cancel;
pub use error::{PipelineError, Result};
pub use store::Run;
