//! Relata learns embeddings from a few low-cost relationships between samples.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod audit;
pub mod dsl;
mod error;
pub mod evaluate;
pub mod plot;
pub mod prelude;
pub mod report;
pub mod run;
pub mod score;
pub mod sql;

pub use error::{PipelineError, Result};
pub use relata_registry as registry;
