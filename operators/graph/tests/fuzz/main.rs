//! Fuzz targets of the parsers of this crate: CSR graphs and edge files.
#![allow(clippy::unwrap_used)]

mod csr;
mod edge_file;
#[path = "../../../../tests/fuzzing/mod.rs"]
mod fuzzing;
