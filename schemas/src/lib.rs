//! The Arrow tables that Relata reads and writes, one module per table: column names, types, documentation and a
//! validator whose errors name the table, the column, the row, what was expected and what was found.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod answers;
pub mod audit;
pub mod candidate_rules;
pub mod classes;
pub mod computed;
pub mod conflicts;
pub mod edges;
pub mod embeddings;
pub mod entities;
mod error;
pub mod features;
mod induced;
pub mod memberships;
pub mod metrics;
pub mod oracle_accuracy;
pub mod pairs;
pub mod questions;
pub mod reference;
pub mod run_file;
pub mod samples;
pub mod separations;
pub mod skipped;
mod table;
mod token_bags;

pub use error::SchemaError;
pub use features::{Element, FeatureShape, FieldShape};
pub use induced::InducedEdges;
pub use table::{Column, Table};
pub use token_bags::TokenBags;
