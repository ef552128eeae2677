//! Exact search for the nearest rows, by blocks.

pub mod product;
mod top_k;

pub use top_k::{Metric, top_k};
