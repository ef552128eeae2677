//! Sinks, where results go: files that appear whole or not at all.

mod atomic_file;
mod parquet;

pub use atomic_file::{AtomicFile, write_atomically};
pub use parquet::ParquetSink;
