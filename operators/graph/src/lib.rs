//! The graph of relations: constraints resolved to canonical edges, must-link groups, connected components, nearest
//! neighbours and what spreads over them ([`label_propagation`]), and the edges that hold within one batch.
//!
//! Oracles state relations by sample id ([`SampleId`](relata_data::index::SampleId)). From [`Graph`] on, everything is by
//! row number ([`Row`](relata_data::index::Row)); the nodes of [`InducedEdges`] are places in a batch.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod agreement;
mod cannot_link;
mod closure;
mod components;
mod conflicts;
mod csr;
pub mod edge_file;
mod error;
mod graph;
mod groups_builder;
mod induced;
pub mod knn;
pub mod label_propagation;
mod must_link;
pub mod neighbour_graph;
mod noise;
mod policy;
mod relations;
mod resolve;
mod statements;
mod statistics;

pub use agreement::OracleAccuracy;
pub use components::Components;
pub use conflicts::Conflict;
pub use csr::{Csr, CsrBuilder, CsrPlaces};
pub use error::{GraphError, Result};
pub use graph::{Graph, GraphSettings};
pub use groups_builder::GroupsBuilder;
pub use induced::InducedEdges;
pub use must_link::{Group, Groups};
pub use policy::{Decision, Opinion, Policy};
pub use relata_data::index::GroupNumber;
pub use relations::{RelationCounts, Relations, StatedRelations};
pub use resolve::{Resolution, Resolved, resolve};
pub use statistics::{GraphStatistics, statistics};
