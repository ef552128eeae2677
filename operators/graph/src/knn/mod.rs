//! Exact search for the nearest rows, by blocks, and the matrix products it is made of.

mod product;
mod top_k;

pub use product::{Matrix, Number, multiply};
pub use top_k::{Metric, top_k};
