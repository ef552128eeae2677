//! Constraint inference: what follows from must-links ("yes") and cannot-links ("no"). Must-links join rows to
//! components (transitive closure), cannot-links keep components apart, and constraints that contradict each other are
//! weighed.

mod belief;
mod bridges;
mod component_ranking;
mod components;
mod conflict_resolution;
mod constrained_pair;
mod constraint_graph;
mod contradiction;
mod doubt;
mod must_link_cannot_link;
mod policy;
#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
mod transitive_closure;

pub use belief::Belief;
pub use contradiction::Contradiction;
pub use doubt::{Doubt, DoubtKind};
pub use must_link_cannot_link::{Constraint, ConstraintEffect, Relation, weight_of};
pub use policy::{AnswerPolicy, BeliefSettings};
