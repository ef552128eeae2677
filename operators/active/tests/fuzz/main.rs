//! Fuzz targets of the imports into the ledger: answers, questions, and results of Label Studio.
#![allow(clippy::unwrap_used)]

#[path = "../../../../tests/fuzzing/mod.rs"]
mod fuzzing;
#[path = "../../../../tests/fuzzing/json.rs"]
mod json;
mod json_lines;
mod label_studio;
mod ledger;
