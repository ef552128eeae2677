//! Agreement of oracles: how often each is right, estimated from what several say about the same pairs and from what is
//! known, and the weight that it earns.

mod group_pairs;
mod label_model;
mod oracle_accuracy;
mod oracle_weights;
mod votes;

pub use oracle_accuracy::OracleAccuracy;

pub(crate) use oracle_accuracy::write_accuracies;
pub(crate) use oracle_weights::OracleWeights;
pub(crate) use votes::Votes;
