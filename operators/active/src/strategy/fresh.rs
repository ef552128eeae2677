//! Pairs of rows about which nothing was asked, and the questions of a strategy that has nothing better to ask.

use std::collections::BTreeSet;

use rand::RngExt;
use relata_data::seed::stream;

use super::neighbours::Neighbours;
use super::pick::{Scored, pick};
use super::pool::{LOOKED_AT, Pool};
use super::{Proposal, Scene};

const PURPOSE: u64 = 0xf2e54;
/// Pairs drawn at random.
const DRAWN: usize = 10_000;

/// Open pairs of fresh rows of the pool, none twice: neighbours in the graph, and random ones (all, if they are few).
/// `score` is given the probability that the two are related.
pub(super) fn fresh_pairs(
    scene: &Scene<'_>,
    pool: &Pool,
    neighbours: Option<&Neighbours>,
    score: impl Fn(f32) -> f32,
) -> Vec<Scored> {
    let fresh = &pool.fresh;
    let mut pairs: BTreeSet<(u32, u32)> = BTreeSet::new();
    if fresh.len() * fresh.len() / 2 <= DRAWN {
        pairs.extend(fresh.iter().flat_map(|&b| fresh.iter().take_while(move |&&a| a < b).map(move |&a| (a, b))));
    } else {
        let mut rng = stream(scene.seed, &[PURPOSE, scene.round.into()]);
        for _ in 0..DRAWN {
            let (a, b) = (fresh[rng.random_range(0..fresh.len())], fresh[rng.random_range(0..fresh.len())]);
            pairs.insert((a.min(b), a.max(b)));
        }
        if let Some(neighbours) = neighbours {
            let known = |place: u32| scene.belief.is_known(pool.rows[place as usize]);
            for &a in fresh {
                let after = neighbours.links(a as usize).iter().map(|link| link.row).filter(|&b| a < b && !known(b));
                pairs.extend(after.map(|b| (a, b)));
            }
        }
    }
    let rows = pairs.into_iter().map(|(a, b)| (pool.rows[a as usize], pool.rows[b as usize]));
    let open = rows.filter(|&(a, b)| scene.is_open(a, b));
    let scored = open.map(|(anchor, candidate)| {
        let probability = scene.predictor.probability(scene.similarity(anchor, candidate));
        Scored { anchor, candidate, score: score(probability), probability }
    });
    scored.collect()
}

/// The questions that are most probably answered by yes.
pub(super) fn nearest_first(scene: &Scene<'_>, pool: &Pool, pairs: usize) -> Vec<Proposal> {
    let mut scored = pool.against_components(scene, LOOKED_AT * pairs, |_, _, probability| probability);
    scored.extend(fresh_pairs(scene, pool, None, |probability| probability));
    pick(scene, scored, pairs)
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
        let pool = Pool::draw(&world.scene(1));
        assert_eq!(fresh_pairs(&world.scene(1), &pool, None, |p| p).len(), 10 * 9 / 2 - 1);
        let world = World::blobs(3, 100, 3, 0.2, 1);
        let pool = Pool::draw(&world.scene(1));
        let neighbours = Neighbours::of(&pool.vectors, 3, 4);
        let found = fresh_pairs(&world.scene(1), &pool, Some(&neighbours), |p| p);
        let found: Vec<_> = found.iter().map(|pair| (pair.anchor, pair.candidate)).collect();
        assert!(found.is_sorted() && found.len() > 5_000, "{}", found.len());
        assert!(neighbours.links(7).iter().all(|link| found.contains(&(link.row.min(7), link.row.max(7)))));
    }

    #[test]
    fn the_nearest_come_first() {
        let world = World::on_circle(&[0.0, 50.0, 90.0, 91.0], &[0, 0, 1, 1]);
        let found = nearest_first(&world.scene(1), &Pool::draw(&world.scene(1)), 1);
        assert_eq!((found[0].anchor, found[0].candidates[0]), (2, 3));
    }
}
