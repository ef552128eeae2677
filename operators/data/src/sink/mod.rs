//! Sinks, where results go: files that appear whole or not at all.

mod atomic_file;
mod parquet;
mod picture;

pub use atomic_file::{AtomicFile, write_atomically};
pub use parquet::ParquetSink;
pub use picture::{enlarged, picture, pixels, png};
