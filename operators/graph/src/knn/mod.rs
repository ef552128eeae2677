//! kNN search, exact by blocks of rows or approximate by an inverted file, and the matrix products that it is made of.

mod inverted_file;
mod nearest_index;
mod product;
mod top_k;

pub use inverted_file::InvertedFile;
pub use nearest_index::NearestIndex;
pub use product::{Matrix, Number, multiply};
pub use top_k::{Metric, top_k};
