//! The language in which pipelines are written.

mod explain;
mod pipeline;

pub use pipeline::{Pipeline, Read, Ready, Related, Trained};
