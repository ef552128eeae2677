//! Strategies: which questions to ask next. One file each; implement [`Strategy`] to plug in your own.

mod boundary;
mod cholesky;
mod cover;
mod diverse;
mod explore_consolidate;
#[cfg(test)]
mod fixture;
mod fresh;
mod most_implied;
pub mod neighbours;
mod pick;
mod pool;
mod random_pairs;
mod read_out;
mod representatives;
mod scene;
mod spectral;
mod uncertain_pairs;

pub use boundary::{Boundary, boundary};
pub use diverse::{Diverse, diverse};
pub use explore_consolidate::{ExploreConsolidate, explore_consolidate};
pub use most_implied::{MostImplied, most_implied};
pub(crate) use random_pairs::draw;
pub use random_pairs::{RandomPairs, random_pairs};
pub use representatives::{Representatives, representatives};
pub use scene::Scene;
pub use uncertain_pairs::{UncertainPairs, uncertain_pairs};

use relata_registry::Description;

/// A question that a strategy would ask. Rows are positions among the training rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The row that candidates are compared with.
    pub anchor: u32,
    /// The rows that may be related to it: none twice, never the anchor.
    pub candidates: Vec<u32>,
    /// How useful the question is held to be; larger is asked first.
    pub priority: f32,
}

/// Chooses questions. Proposals must not hold pairs that [`Scene::is_open`] refuses; such candidates are dropped.
pub trait Strategy: Send + Sync {
    /// Name (`strategy`) and settings, for the plan.
    fn describe(&self) -> Description;

    /// Proposes questions of at most `pairs` candidates in all, the most useful first; fewer, or none, if no useful
    /// question is left. The same scene gives the same proposals.
    fn propose(&self, scene: &Scene<'_>, pairs: usize) -> Vec<Proposal>;
}

impl<S: Strategy + ?Sized> Strategy for Box<S> {
    fn describe(&self) -> Description {
        (**self).describe()
    }

    fn propose(&self, scene: &Scene<'_>, pairs: usize) -> Vec<Proposal> {
        (**self).propose(scene, pairs)
    }
}
