//! Most implied pairs: the questions whose answers imply the most.

use std::collections::{HashMap, HashSet};

use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use relata_data::index::TrainingRow;
use relata_graph::neighbour_graph::NeighbourGraph;

use super::batch_selection::select_batch;
use super::candidate_pool::{CandidatePool, LOOKED_AT};
use super::candidate_queries;
use super::query_context::QueryContext;
use super::query_strategy::{Query, Strategy};
use super::unqueried_pairs::unqueried_pairs;

/// Neighbours that a row is compared with while there are no components.
const NEIGHBOURS: usize = 5;

/// See [`most_implied`].
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct MostImplied;

/// The question whose answer makes the most further pairs known, in expectation: with components of a and b rows, a
/// "no" implies a b pairs; a "yes" implies these and, for each of the two, all pairs with the components from which
/// only the other is known to differ. The chance of each is the predicted one. (Transitive relations in crowdsourced
/// entity resolution: Wang, Li, Kraska, Franklin and Feng 2013; Vesdapunt, Bellare and Dalvi 2014.)
///
/// It lets the largest components grow first, and finds small classes late.
///
/// ```
/// use relata_active::query_loop::StrategyExt;
/// use relata_active::strategy::{Strategy, most_implied};
///
/// assert_eq!(most_implied().describe().to_string(), "most_implied");
/// let config = most_implied().budget(300.0).per_round(50);
/// # config.check().unwrap();
/// ```
pub fn most_implied() -> MostImplied {
    MostImplied
}

impl Settings for MostImplied {
    const NAME: &'static str = "most_implied";
    const SUMMARY: &'static str = "the pairs whose answers imply the most";
}

impl Strategy for MostImplied {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn propose(&self, context: &QueryContext<'_>, pairs: usize) -> Vec<Query> {
        if let Some(candidates) = context.candidates {
            let gain = |a, b, probability| implied(context, a, b, probability);
            let scored = candidate_queries::scored(candidates, context, LOOKED_AT * pairs, gain);
            return select_batch(context, scored, pairs);
        }
        let pool = CandidatePool::draw(context);
        let separated = CannotLinkCounts::new(context, &pool);
        let size = |at: usize| pool.components[at].size as f64;
        let gain = |at: usize, other: Option<usize>, probability: f32| {
            let (rows, pairs, common) = match other {
                Some(other) => (size(other), size(at) * size(other), separated.common(at, other)),
                None => (1.0, size(at), 0.0),
            };
            let others = other.map_or(0.0, |other| size(at) * (separated.rows[other] - common));
            (pairs + f64::from(probability) * (others + rows * (separated.rows[at] - common))) as f32
        };
        let mut scored = pool.against_components(context, LOOKED_AT * pairs, gain);
        if scored.len() < pairs {
            // An answer about two unqueried rows implies nothing but itself.
            let neighbours = NeighbourGraph::of(&pool.vectors, pool.width, NEIGHBOURS);
            scored.extend(unqueried_pairs(context, &pool, Some(&neighbours), |_| 1.0));
        }
        select_batch(context, scored, pairs)
    }
}

/// The pairs that an answer about two rows makes known, in expectation.
fn implied(context: &QueryContext<'_>, a: TrainingRow, b: TrainingRow, probability: f32) -> f32 {
    let belief = context.belief;
    let (a, b) = (belief.component(a), belief.component(b));
    let size = |component: u32| belief.members(component).len() as f64;
    let separated = |from: u32| belief.cannot_links(from).collect::<HashSet<u32>>();
    let (from_a, from_b) = (separated(a), separated(b));
    let only = |own: &HashSet<u32>, other: &HashSet<u32>| own.difference(other).map(|&it| size(it)).sum::<f64>();
    let yes = size(a) * only(&from_b, &from_a) + size(b) * only(&from_a, &from_b);
    (size(a) * size(b) + f64::from(probability) * yes) as f32
}

/// How many rows the components of the pool are known to differ from.
struct CannotLinkCounts {
    rows: Vec<f64>,
    /// From both of two components: `common[a * components + b]`, a < b.
    common: Vec<f64>,
}

impl CannotLinkCounts {
    fn new(context: &QueryContext<'_>, pool: &CandidatePool) -> Self {
        let components = pool.components.len();
        let places: HashMap<u32, usize> = pool.components.iter().map(|known| known.label).zip(0..).collect();
        let (mut rows, mut common) = (vec![0.0; components], vec![0.0; components * components]);
        for label in context.belief.components() {
            let size = context.belief.members(label).len() as f64;
            let mut from: Vec<usize> =
                context.belief.cannot_links(label).filter_map(|other| places.get(&other).copied()).collect();
            from.sort_unstable();
            for (at, &a) in from.iter().enumerate() {
                rows[a] += size;
                from[at + 1..].iter().for_each(|b| common[a * components + b] += size);
            }
        }
        Self { rows, common }
    }

    fn common(&self, a: usize, b: usize) -> f64 {
        self.common[a.min(b) * self.rows.len() + a.max(b)]
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{World, check, unresolved};
    use super::*;
    use crate::inference::{Belief, BeliefSettings, Constraint};

    #[test]
    fn keeps_the_rules() {
        check(&most_implied());
    }

    /// The expected number of newly known pairs, by answering on a copy.
    fn naive(world: &World, a: TrainingRow, b: TrainingRow) -> f64 {
        let known = |extra: Option<bool>| {
            let mut belief = Belief::new(world.classes.len(), BeliefSettings::default());
            let all = world
                .constraints
                .iter()
                .map(|&(a, b, related)| (TrainingRow(a), TrainingRow(b), related))
                .chain(extra.map(|related| (a, b, related)));
            for (number, (a, b, related)) in (1..).zip(all) {
                belief.add(Constraint { number, a, b, related, weight: 1.0 });
            }
            let (positives, negatives) = belief.implied_pairs();
            (positives + negatives) as f64
        };
        let context = world.context(1);
        let yes = f64::from(context.calibration.probability(context.similarity(a, b)));
        yes * known(Some(true)) + (1.0 - yes) * known(Some(false)) - known(None)
    }

    #[test]
    fn priorities_are_expected_counts_and_the_first_is_the_largest() {
        let mut world = World::blobs(3, 8, 3, 0.6, 11);
        for (a, b) in [(0, 3), (3, 6), (1, 4), (0, 1), (2, 5), (9, 10), (2, 9), (12, 1), (12, 13)] {
            world.answer(a, b);
        }
        let context = world.context(1);
        let found = most_implied().propose(&context, 12);
        assert_eq!(found.len(), 12);
        for query in &found {
            let expected = naive(&world, query.anchor, query.candidates[0]);
            assert!((f64::from(query.priority) - expected).abs() < 1e-3 * expected, "{query:?} {expected}");
            let (anchor, candidate) = (query.anchor, query.candidates[0]);
            let probability = context.calibration.probability(context.similarity(anchor, candidate));
            assert!((f64::from(implied(&context, anchor, candidate, probability)) - expected).abs() < 1e-3 * expected);
        }
        let pool = CandidatePool::draw(&context);
        let shown = |row: TrainingRow| match pool.component[row.index()] {
            Some(at) => pool.components[at as usize].members[0] == row,
            None => true,
        };
        let pairs = (0..24).flat_map(|a| (0..a).map(move |b| (TrainingRow(a), TrainingRow(b))));
        let open = pairs.filter(|&(a, b)| shown(a) && shown(b) && context.is_open(a, b));
        let best = open.map(|(a, b)| naive(&world, a, b)).fold(0.0, f64::max);
        assert!((f64::from(found[0].priority) - best).abs() < 1e-3 * best, "{} {best}", found[0].priority);
    }

    #[test]
    fn fewer_answers_than_random_pairs_make_everything_known() {
        let asked = |strategy: &dyn Strategy| {
            let mut world = World::blobs(3, 15, 4, 0.4, 1);
            let asked = world.play(strategy, 5, 10_000);
            assert_eq!(unresolved(&world), 0.0);
            asked
        };
        let (active, passive) = (asked(&most_implied()), asked(&super::super::random_pairs()));
        assert!(active < passive, "{active} {passive}");
    }
}
