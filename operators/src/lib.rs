//! Operators: sources, views, oracles, the graph of edges and the sinks. Batches in, batches out; nothing here names burn.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod augment;
pub mod edges;
pub mod embeddings;
mod error;
pub mod features;
pub mod ids;
mod mapped;
pub mod nearest;
pub mod oracle;
mod parquet_file;
pub mod query;
pub mod seed;
mod session;
pub mod sink;
pub mod source;

pub use error::{OperatorError, Result};
pub use parquet_file::ParquetFile;
pub use session::Session;
