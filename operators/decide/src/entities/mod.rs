//! Entities: from the log-odds of pairs to a partition of the rows, under constraints.
//!
//! [`Evidence`] holds what is known: scored pairs, must-links, cannot-links, sources. A [`Clustering`] makes entities
//! of it: for each row the smallest row of its entity. [`confidence`] says how sure each row's place is.

mod agglomeration;
mod average_linkage;
mod barriers;
mod cluster_links;
mod clustering;
mod confidence;
mod connected_components;
mod correlation_clustering;
mod evidence;
mod grouping;
mod local_search;
mod objective;
mod subproblem;

pub use average_linkage::AverageLinkage;
pub use clustering::Clustering;
pub use confidence::confidence;
pub use connected_components::ConnectedComponents;
pub use correlation_clustering::CorrelationClustering;
pub use evidence::{Evidence, ScoredPair};
pub use objective::total_log_odds;
