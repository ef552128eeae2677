//! Pipelines: the language in which they are written.

mod explain;
mod extension;
mod pipeline;
mod running;

pub use extension::{Extending, Extension, Unwritten};
pub use pipeline::{Pipeline, Read, Ready, Related, Trained};
