//! The graph: canonical edges, groups, what they imply, and the edges that hold within one batch.

mod components;
mod csr;
mod graph;
mod groups;
mod induced;
mod policy;
pub mod read;
mod resolve;
mod statistics;

pub use components::Components;
pub use csr::{Csr, CsrBuilder, CsrPlaces};
pub use graph::{Graph, GraphSettings};
pub use groups::Groups;
pub use induced::InducedEdges;
pub use policy::{Decision, Opinion, Policy};
pub use resolve::{Resolved, resolve};
pub use statistics::{GraphStatistics, statistics};
