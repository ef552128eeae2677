//! Evaluation: how good a partition or a score is, and how sure that is.
//!
//! Partitions are compared by their [`Contingency`] table, without a loop over pairs of rows. Rows whose truth is not
//! known are left out. What has no value, such as the precision of a partition without pairs, is `None`.

mod adjusted_rand;
mod average_precision;
mod b_cubed;
mod capture_recapture;
mod contingency;
mod exact_entities;
mod interval;
mod pair_measures;
mod stratified_audit;
mod stratum_sample;

pub use adjusted_rand::adjusted_rand;
pub use average_precision::average_precision;
pub use b_cubed::BCubed;
pub use capture_recapture::capture_recapture;
pub use contingency::Contingency;
pub use exact_entities::ExactEntities;
pub use interval::Interval;
pub use pair_measures::PairMeasures;
pub use stratified_audit::{AuditEstimate, AuditSettings, AuditStratum, StratifiedAudit};
pub use stratum_sample::StratumSample;
