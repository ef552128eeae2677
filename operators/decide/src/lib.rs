//! Decisions about all records: which are the same entity (entity resolution), of which class each is, how sure that is,
//! and how good the decisions are.
//!
//! - [`candidates`]: which pairs are looked at (blocking);
//! - [`comparator`]: how similar two values of a column are;
//! - [`pair_model`]: from similarities to the log-odds that two records are the same entity, and their calibration;
//! - [`entities`]: from log-odds of pairs to a partition of the records, under constraints;
//! - [`classes`]: from groups with names to a class of every record;
//! - [`records`]: the columns of a table as text, to be compared;
//! - [`decision`]: the settings of a decision, as a stage of a pipeline;
//! - [`evaluation`]: how good a partition or a score is, with confidence intervals, and which pairs to ask about;
//! - [`threshold`]: from which score on two records are decided to be the same.
//!
//! A record is a row of a table, as a position from 0. A pair is `(a, b)` with `a < b`. The same input and seed give
//! the same bits.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod candidates;
pub mod classes;
pub mod comparator;
pub mod decision;
pub mod entities;
mod error;
pub mod evaluation;
pub mod labelled_score;
pub mod linkage;
pub mod log_odds;
pub mod pair_model;
pub mod records;
pub mod threshold;

pub use error::{DecideError, Result};
