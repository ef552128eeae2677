//! Uncertainty sampling: the pairs of which it is hardest to say whether they are related.

use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use relata_graph::neighbour_graph::NeighbourGraph;

use super::batch_selection::select_batch;
use super::candidate_pool::{CandidatePool, LOOKED_AT};
use super::candidate_queries::worth_asking;
use super::query_context::QueryContext;
use super::query_strategy::{Query, Strategy};
use super::unqueried_pairs::unqueried_pairs;

/// Neighbours that a row is compared with.
const NEIGHBOURS: usize = 10;

/// See [`uncertain_pairs`].
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct UncertainPairs;

/// Pairs whose predicted probability of being related is nearest to one half (uncertainty sampling; Lewis and Gale
/// 1994), where the prediction is calibrated on the answers so far. Candidates are rows against components, two
/// components, neighbours, and random pairs.
///
/// ```
/// use relata_active::query_loop::StrategyExt;
/// use relata_active::strategy::{Strategy, uncertain_pairs};
///
/// assert_eq!(uncertain_pairs().describe().to_string(), "uncertain_pairs");
/// let config = uncertain_pairs().budget(300.0).per_round(50);
/// # config.check().unwrap();
/// ```
pub fn uncertain_pairs() -> UncertainPairs {
    UncertainPairs
}

impl Settings for UncertainPairs {
    const NAME: &'static str = "uncertain_pairs";
    const SUMMARY: &'static str = "pairs whose relation is least certain (uncertainty sampling)";
}

impl Strategy for UncertainPairs {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn propose(&self, context: &QueryContext<'_>, pairs: usize) -> Vec<Query> {
        if let Some(candidates) = context.candidates {
            return worth_asking(candidates, context, pairs);
        }
        let pool = CandidatePool::draw(context);
        let neighbours = NeighbourGraph::of(&pool.vectors, pool.width, NEIGHBOURS);
        let mut scored =
            pool.against_components(context, LOOKED_AT * pairs, |_, _, probability| uncertainty(probability));
        scored.extend(unqueried_pairs(context, &pool, Some(&neighbours), uncertainty));
        select_batch(context, scored, pairs)
    }
}

/// 1 at one half, 0 at 0 and 1.
fn uncertainty(probability: f32) -> f32 {
    1.0 - (2.0 * probability - 1.0).abs()
}

#[cfg(test)]
mod tests {
    use relata_data::index::TrainingRow;

    use super::super::fixture::{World, check, unresolved};
    use super::*;

    #[test]
    fn keeps_the_rules() {
        check(&uncertain_pairs());
    }

    #[test]
    fn the_first_question_is_the_most_uncertain_of_all() {
        let mut world = World::blobs(3, 12, 3, 0.5, 8);
        for (a, b) in [(0, 1), (0, 3), (3, 6), (2, 4)] {
            world.answer(a, b);
        }
        let context = world.context(1);
        let found = &uncertain_pairs().propose(&context, 3)[0];
        // A component is compared by its most central member.
        let pool = CandidatePool::draw(&context);
        let shown = |row: TrainingRow| match pool.component[row.index()] {
            Some(at) => pool.components[at as usize].members[0] == row,
            None => true,
        };
        let pairs = (0..36).flat_map(|a| (0..a).map(move |b| (TrainingRow(a), TrainingRow(b))));
        let open = pairs.filter(|&(a, b)| shown(a) && shown(b) && context.is_open(a, b));
        let naive = open.map(|(a, b)| (context.calibration.probability(context.similarity(a, b)) - 0.5).abs());
        assert!((found.priority - (1.0 - 2.0 * naive.fold(1.0, f32::min))).abs() < 1e-4, "{}", found.priority);
    }

    #[test]
    fn ends_with_everything_known() {
        let mut world = World::blobs(3, 15, 4, 0.5, 1);
        world.play(&uncertain_pairs(), 10, 10_000);
        assert_eq!(unresolved(&world), 0.0);
    }
}
