//! The graph of relations: constraints resolved to canonical edges, must-link groups, connected components, nearest
//! neighbours, and the edges that hold within one batch.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod components;
mod csr;
pub mod edge_file;
mod graph;
mod groups;
mod induced;
pub mod knn;
mod policy;
mod relations;
mod resolve;
mod statistics;

pub use components::Components;
pub use csr::{Csr, CsrBuilder, CsrPlaces};
pub use graph::{Graph, GraphSettings};
pub use groups::Groups;
pub use induced::InducedEdges;
pub use policy::{Decision, Opinion, Policy};
pub use relations::{Conflict, Relations, Stated};
pub use resolve::{Resolved, resolve};
pub use statistics::{GraphStatistics, statistics};
