//! Batches over a graph: which samples come together, their views, and the edges that hold among them.

mod loader;
mod sampler;

pub use loader::{Batch, Loader};
pub use sampler::{Batches, Sampler};
