//! Boundary sampling: pairs across the boundary between components.

use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use relata_graph::label_propagation::propagate_labels;
use relata_graph::neighbour_graph::NeighbourGraph;

use super::batch_selection::{ScoredPair, select_batch};
use super::candidate_pool::{CandidatePool, LOOKED_AT};
use super::candidate_queries::scored;
use super::explore_consolidate::{ExploreConsolidate, explore_consolidate};
use super::query_context::QueryContext;
use super::query_strategy::{Query, Strategy};

/// Neighbours of a row in the graph.
const NEIGHBOURS: usize = 10;
/// Components times rows, which bounds the work.
const MOST_CHANCES: usize = 2 << 20;

/// See [`boundary`].
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Boundary {
    #[serde(skip)]
    explore: ExploreConsolidate,
}

/// Boundary sampling: mutual nearest neighbours that the components disagree on.
///
/// The components spread over the neighbour graph (see [`propagate_labels`]), and two neighbours are on a boundary if
/// different components claim most of each. Two known rows are compared with each other. Of two others, the less
/// certain one is compared with the component that claims its neighbour. The greater the disagreement and the closer
/// the neighbours, the better. (Disagreement between neighbours as in graph-based active learning since Zhu, Lafferty
/// and Ghahramani 2003.) Where there is no boundary yet, it explores as [`explore_consolidate`] does.
///
/// ```
/// use relata_active::query_loop::StrategyExt;
/// use relata_active::strategy::{Strategy, boundary};
///
/// assert_eq!(boundary().describe().to_string(), "boundary");
/// let config = boundary().budget(300.0).per_round(50);
/// # config.check().unwrap();
/// ```
pub fn boundary() -> Boundary {
    Boundary { explore: explore_consolidate() }
}

impl Settings for Boundary {
    const NAME: &'static str = "boundary";
    const SUMMARY: &'static str = "neighbours on the boundary between components";
}

impl Strategy for Boundary {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn propose(&self, context: &QueryContext<'_>, pairs: usize) -> Vec<Query> {
        if let Some(candidates) = context.candidates {
            // Between two components, or a component and a row; others, where there are none.
            let known = |row| context.belief.is_known(row);
            let disputed = |a, b, probability: f32| {
                let doubt = 1.0 - (2.0 * probability - 1.0).abs();
                doubt + f32::from(u8::from(known(a))) + f32::from(u8::from(known(b)))
            };
            return select_batch(context, scored(candidates, context, LOOKED_AT * pairs, disputed), pairs);
        }
        let pool = CandidatePool::draw(context);
        let mut queries = select_batch(context, disputed(context, &pool), pairs);
        if queries.len() < pairs {
            let label = |row| context.belief.component(row);
            let ends = |query: &Query| {
                let (a, b) = (label(query.anchor), label(query.candidates[0]));
                (a.min(b), a.max(b))
            };
            let least = queries.last().map_or(1.0, |query| query.priority);
            let mut further = self.explore.propose(context, pairs);
            further.retain(|query| !queries.iter().any(|earlier| ends(earlier) == ends(query)));
            further.truncate(pairs - queries.len());
            further.iter_mut().for_each(|query| query.priority *= least);
            queries.extend(further);
        }
        queries
    }
}

/// The questions across the boundary.
fn disputed(context: &QueryContext<'_>, pool: &CandidatePool) -> Vec<ScoredPair> {
    let rows = pool.rows.len();
    let components = pool.components.len().min(MOST_CHANCES / rows.max(1));
    if components < 2 {
        return vec![];
    }
    let neighbours = NeighbourGraph::of(&pool.vectors, pool.width, NEIGHBOURS);
    let seeds: Vec<_> = pool.component.iter().map(|at| at.filter(|&at| (at as usize) < components)).collect();
    let claims = Claims::new(&neighbours, &seeds, components);
    let known = |at: usize| context.belief.is_known(pool.rows[at]);
    let mut scored = Vec::new();
    for a in 0..rows {
        for link in neighbours.links(a).iter().filter(|link| link.mutual && a < link.row as usize) {
            let b = link.row as usize;
            let (Some((first, p)), Some((second, q))) = (claims.best(a), claims.best(b)) else { continue };
            if first == second {
                continue;
            }
            let score = link.weight * claims.disagreement(a, b);
            let pair = if known(a) && known(b) {
                let (a, b) = (pool.rows[a], pool.rows[b]);
                context.is_open(a, b).then_some((a, b))
            } else {
                let (row, component) = if known(b) || (!known(a) && p <= q) { (a, second) } else { (b, first) };
                let row = pool.rows[row];
                pool.components[component].open_member(context, row).map(|member| (member, row))
            };
            scored.extend(pair.map(|(anchor, candidate)| {
                let probability = context.calibration.probability(context.similarity(anchor, candidate));
                ScoredPair { anchor, candidate, score, probability }
            }));
        }
    }
    scored
}

/// By row, the chances of the components; those of a row sum to 1, or are 0 where no component can be reached.
struct Claims {
    components: usize,
    shares: Vec<f32>,
}

impl Claims {
    fn new(neighbours: &NeighbourGraph, seeds: &[Option<u32>], components: usize) -> Self {
        let found = propagate_labels(neighbours, seeds, components);
        let mut shares = vec![0.0; seeds.len() * components];
        for component in 0..components {
            for (row, chance) in found.of(component).iter().enumerate() {
                shares[row * components + component] = *chance;
            }
        }
        for row in shares.chunks_exact_mut(components) {
            let sum = row.iter().sum::<f32>().max(f32::MIN_POSITIVE);
            row.iter_mut().for_each(|share| *share /= sum);
        }
        Self { components, shares }
    }

    fn of(&self, row: usize) -> &[f32] {
        &self.shares[row * self.components..][..self.components]
    }

    /// The component with the largest share.
    fn best(&self, row: usize) -> Option<(usize, f32)> {
        let shares = self.of(row);
        let best = (0..shares.len()).reduce(|best, at| if shares[at] > shares[best] { at } else { best })?;
        (shares[best] > 0.0).then_some((best, shares[best]))
    }

    /// The chance that two rows are in different components.
    fn disagreement(&self, a: usize, b: usize) -> f32 {
        1.0 - self.of(a).iter().zip(self.of(b)).map(|(p, q)| p * q).sum::<f32>()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{World, check, unresolved};
    use super::*;

    #[test]
    fn keeps_the_rules() {
        check(&boundary());
    }

    #[test]
    fn asks_where_two_components_meet() {
        // A chain of rows on an arc, known at both ends.
        let angles: Vec<f32> = (0..40).map(|row| row as f32 * 2.0).collect();
        let classes: Vec<u32> = (0..40).map(|row| u32::from(row >= 20)).collect();
        let mut world = World::on_circle(&angles, &classes);
        for (a, b) in [(1, 3), (36, 38), (1, 38)] {
            world.answer(a, b);
        }
        for query in boundary().propose(&world.context(1), 3) {
            let ends = [query.anchor, query.candidates[0]];
            let unqueried = ends.iter().find(|row| !world.belief.is_known(**row)).unwrap();
            assert!((13..27).contains(&unqueried.0), "{query:?}");
        }
    }

    #[test]
    fn the_score_is_weight_times_the_chance_of_different_components() {
        let mut world = World::blobs(2, 20, 3, 0.8, 3);
        for (a, b) in [(0, 2), (1, 3), (0, 1), (4, 5)] {
            world.answer(a, b);
        }
        let context = world.context(1);
        let pool = CandidatePool::draw(&context);
        let found = disputed(&context, &pool);
        assert!(!found.is_empty());
        let neighbours = NeighbourGraph::of(&pool.vectors, 3, NEIGHBOURS);
        let claims = Claims::new(&neighbours, &pool.component, pool.components.len());
        let mut naive = Vec::new();
        for a in 0..40usize {
            for link in neighbours.links(a).iter().filter(|link| link.mutual && link.row as usize > a) {
                let b = link.row as usize;
                let different: f32 = (0..pool.components.len())
                    .flat_map(|x| (0..pool.components.len()).map(move |y| (x, y)))
                    .filter(|(x, y)| x != y)
                    .map(|(x, y)| claims.of(a)[x] * claims.of(b)[y])
                    .sum();
                naive.push(link.weight * different);
            }
        }
        for pair in found {
            assert!(naive.iter().any(|score| (score - pair.score).abs() < 1e-4), "{pair:?}");
        }
    }

    #[test]
    fn finds_the_classes() {
        let mut world = World::blobs(3, 15, 4, 0.4, 1);
        world.play(&boundary(), 5, 400);
        assert_eq!(unresolved(&world), 0.0);
    }
}
