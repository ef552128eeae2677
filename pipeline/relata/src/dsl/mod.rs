//! Pipelines: the language in which they are written.

mod explain;
mod pipeline;
mod running;

pub use pipeline::{Pipeline, Read, Ready, Related, Trained};
