//! Unqueried pairs: pairs of rows that were never asked about, and the queries of a strategy that has no better ones.

use std::collections::BTreeSet;

use rand::RngExt;
use relata_data::seed::Purpose;
use relata_graph::neighbour_graph::NeighbourGraph;

use super::batch_selection::{ScoredPair, select_batch};
use super::candidate_pool::{CandidatePool, LOOKED_AT};
use super::query_context::QueryContext;
use super::query_strategy::Query;

/// Pairs drawn at random.
const DRAWN: usize = 10_000;

/// Open pairs of unqueried rows of the pool, none twice: neighbours in the graph, and random ones (all, if they are
/// few). `score` is given the probability that the two are related.
pub(super) fn unqueried_pairs(
    context: &QueryContext<'_>,
    pool: &CandidatePool,
    neighbours: Option<&NeighbourGraph>,
    score: impl Fn(f32) -> f32,
) -> Vec<ScoredPair> {
    let unqueried = &pool.unqueried;
    let mut pairs: BTreeSet<(u32, u32)> = BTreeSet::new();
    if unqueried.len() * unqueried.len() / 2 <= DRAWN {
        pairs.extend(
            unqueried.iter().flat_map(|&b| unqueried.iter().take_while(move |&&a| a < b).map(move |&a| (a, b))),
        );
    } else {
        let mut rng = Purpose::FreshSamples.stream(context.seed, &[context.round.into()]);
        for _ in 0..DRAWN {
            let (a, b) =
                (unqueried[rng.random_range(0..unqueried.len())], unqueried[rng.random_range(0..unqueried.len())]);
            pairs.insert((a.min(b), a.max(b)));
        }
        if let Some(neighbours) = neighbours {
            let known = |place: u32| context.belief.is_known(pool.rows[place as usize]);
            for &a in unqueried {
                let after = neighbours.links(a as usize).iter().map(|link| link.row).filter(|&b| a < b && !known(b));
                pairs.extend(after.map(|b| (a, b)));
            }
        }
    }
    let rows = pairs.into_iter().map(|(a, b)| (pool.rows[a as usize], pool.rows[b as usize]));
    let open = rows.filter(|&(a, b)| context.is_open(a, b));
    let scored = open.map(|(anchor, candidate)| {
        let probability = context.calibration.probability(context.similarity(anchor, candidate));
        ScoredPair { anchor, candidate, score: score(probability), probability }
    });
    scored.collect()
}

/// The questions that are most probably answered by yes.
pub(super) fn most_probable_first(context: &QueryContext<'_>, pool: &CandidatePool, pairs: usize) -> Vec<Query> {
    let mut scored = pool.against_components(context, LOOKED_AT * pairs, |_, _, probability| probability);
    scored.extend(unqueried_pairs(context, pool, None, |probability| probability));
    select_batch(context, scored, pairs)
}

#[cfg(test)]
mod tests {
    use super::super::fixture::World;
    use super::*;

    #[test]
    fn few_rows_give_all_pairs_and_many_their_neighbours_too() {
        let mut world = World::blobs(3, 4, 3, 0.2, 1);
        world.answer(0, 1);
        world.pass(2, 3);
        let pool = CandidatePool::draw(&world.context(1));
        assert_eq!(unqueried_pairs(&world.context(1), &pool, None, |p| p).len(), 10 * 9 / 2 - 1);
        let world = World::blobs(3, 100, 3, 0.2, 1);
        let pool = CandidatePool::draw(&world.context(1));
        let neighbours = NeighbourGraph::of(&pool.vectors, 3, 4);
        let found = unqueried_pairs(&world.context(1), &pool, Some(&neighbours), |p| p);
        let found: Vec<_> = found.iter().map(|pair| (pair.anchor.0, pair.candidate.0)).collect();
        assert!(found.is_sorted() && found.len() > 5_000, "{}", found.len());
        assert!(neighbours.links(7).iter().all(|link| found.contains(&(link.row.min(7), link.row.max(7)))));
    }

    #[test]
    fn the_nearest_come_first() {
        let world = World::on_circle(&[0.0, 50.0, 90.0, 91.0], &[0, 0, 1, 1]);
        let found = most_probable_first(&world.context(1), &CandidatePool::draw(&world.context(1)), 1);
        assert_eq!((found[0].anchor.0, found[0].candidates[0].0), (2, 3));
    }
}
