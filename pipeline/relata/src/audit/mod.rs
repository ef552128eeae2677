//! Audits: what the answers of a run are worth. Who gave them and how well, what each round gained, and at which cost.
//!
//! Every table is one query, such as [`ROUNDS`], over the tables of the run, so `relata sql RUN` answers it too; only
//! what comes out of an estimation is added in Rust.

mod annotators;
mod audited;
mod chain;
mod curve;
mod oracle_estimates;
mod oracles;
mod rounds;
mod tables;

pub(crate) use annotators::PairVote;
pub use annotators::{ANNOTATORS, AnnotatorSummary};
pub use audited::Audit;
pub use chain::ChainLink;
pub use curve::{CURVE, CurvePoint};
pub use oracle_estimates::{ORACLE_ESTIMATES, OracleEstimate};
pub use oracles::{ORACLES, OracleSummary};
pub use rounds::{ROUNDS, RoundSummary};
