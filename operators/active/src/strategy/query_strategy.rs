//! Query strategy: the trait, and the queries that it proposes.

use relata_data::index::TrainingRow;
use relata_registry::Description;

use super::query_context::QueryContext;

/// A question that a strategy would ask. Rows are positions among the training rows.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The row that candidates are compared with.
    pub anchor: TrainingRow,
    /// The rows that may be related to it: none twice, never the anchor.
    pub candidates: Vec<TrainingRow>,
    /// How useful the question is held to be; larger is asked first.
    pub priority: f32,
}

/// Chooses questions. Queries must not hold pairs that [`QueryContext::is_open`] refuses; such candidates are dropped.
pub trait Strategy: Send + Sync {
    /// Name and settings, for the plan.
    fn describe(&self) -> Description;

    /// Proposes questions of at most `pairs` candidates in all, the most useful first; fewer, or none, if no useful
    /// question is left. The same context gives the same queries.
    fn propose(&self, context: &QueryContext<'_>, pairs: usize) -> Vec<Query>;
}

impl<S: Strategy + ?Sized> Strategy for Box<S> {
    fn describe(&self) -> Description {
        (**self).describe()
    }

    fn propose(&self, context: &QueryContext<'_>, pairs: usize) -> Vec<Query> {
        (**self).propose(context, pairs)
    }
}
