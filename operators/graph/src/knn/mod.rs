//! kNN search, exact, by blocks of rows, and the matrix products that it is made of.

mod product;
mod top_k;

pub use product::{Matrix, Number, multiply};
pub use top_k::{Metric, top_k};
