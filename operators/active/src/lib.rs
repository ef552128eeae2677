//! Active learning: query strategies choose questions, oracles answer them, a ledger keeps the answers, and constraint
//! inference says what follows from them.
//!
//! - [`query_loop`]: the active-learning loop, its budget, rounds and stop rules;
//! - [`strategy`]: query strategies;
//! - [`inference`]: the transitive closure of must-links and cannot-links, and what contradicts it;
//! - [`ledger`]: every question and answer of a run in one SQLite file;
//! - [`oracle`]: oracles that ask other oracles, or repeat the answers in a file;
//! - [`dawid_skene`]: the quality of annotators, estimated from their votes;
//! - [`calibration`]: how probable a relation is at a similarity.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod calibration;
pub mod dawid_skene;
mod error;
pub mod inference;
pub mod ledger;
pub mod oracle;
pub mod query_loop;
pub mod strategy;

pub use error::{ActiveError, LedgerProblem, Result};
