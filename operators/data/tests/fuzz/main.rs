//! Fuzz targets of the parsers of this crate: the feature store, IDX files, text, Parquet files and their columns.
#![allow(clippy::unwrap_used)]

mod columns;
mod feature_store;
#[path = "../../../../tests/fuzzing/mod.rs"]
mod fuzzing;
mod idx;
mod parquet_files;
mod text;
