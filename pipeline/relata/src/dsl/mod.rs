//! The language in which pipelines are written.

mod explain;
mod pipeline;
mod spec;

pub(crate) use explain::settings;
pub use pipeline::{Pipeline, Read, Ready, Related, Trained};
pub(crate) use spec::{Spec, Trainer};
