//! Data: sources that read samples, the feature store, views (augmentations), and sinks that write results. Record
//! batches in, record batches out.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod decoder_panic;
pub mod embeddings;
mod error;
mod feature_blocks;
mod feature_columns;
pub mod feature_store;
pub mod fields;
pub mod id_index;
pub mod index;
mod input_file;
mod mmap;
mod nested_lists;
mod object_store;
mod parquet_file;
mod pattern;
pub mod picture;
pub mod query;
pub mod sample_batch;
pub mod seed;
mod session;
pub mod sink;
pub mod source;
#[cfg(test)]
mod table_tests;
pub mod view;

pub use error::{DataError, RESTORE, Result};
pub use mmap::map_file;
pub use parquet_file::ParquetFile;
pub use session::Session;
