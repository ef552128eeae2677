//! Sinks, where results go: files that appear whole or not at all, and the checksums of those of a run.

mod atomic_file;
mod checksums;
mod parquet;
mod unfinished;

pub use atomic_file::{AtomicFile, not_an_input, write_atomically, write_sealed};
pub use checksums::{damaged_files, read_verified, verify};
pub use parquet::ParquetSink;
pub use unfinished::remove_unfinished;
