//! Explore, then consolidate: find rows that stand for what is unknown, and place each among the components.

mod board;

use relata_registry::Description;
use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::sync::{Arc, Mutex, PoisonError};

use relata_data::seed::stream;

use super::fresh::nearest_first;
use super::neighbours::Neighbours;
use super::pick::ranked;
use super::pool::Pool;
use super::spectral::spectral;
use super::{Proposal, Scene, Strategy};
use board::Board;

const PURPOSE: u64 = 0xec;
/// Neighbours of a row in the graph.
const NEIGHBOURS: usize = 5;
/// Spectral coordinates.
const COORDINATES: usize = 30;
/// Every so many questions one compares two components.
const RECONCILE: usize = 4;

/// See [`explore_consolidate`].
#[derive(Debug, Default)]
pub struct ExploreConsolidate {
    ground: Mutex<Option<(u64, Arc<Ground>)>>,
}

/// Explores and consolidates as Basu, Banerjee and Mooney (2004, "Active semi-supervision for pairwise constrained
/// clustering"), over the graph of nearest neighbours:
///
/// - the next row explored is the one that covers most of the rows whose component is still uncertain, by greedy
///   facility location in the spectral coordinates of the graph; farthest-first would choose outliers;
/// - it is compared with components, that which a random walk from it most probably meets first, first, until a yes, or
///   until each of the others has a chance below 1 in 20: then it is a component of its own, and needs no answer to be;
/// - every fourth question reconciles two components: those whose rows (by the walks' chances) lie in the most similar
///   direction, and that are known to differ from few others, so that a class in several parts becomes one.
///
/// Rows proposed together cover different regions. On the digits (1,438 training rows, cosine of the pixels), with one
/// pair a round, the ten largest components are the ten classes after 100 pairs, and spread over the graph they give a
/// test accuracy of 0.98; with 10 pairs a round as well, with 50 it is 0.96.
pub fn explore_consolidate() -> ExploreConsolidate {
    ExploreConsolidate::default()
}

impl Strategy for ExploreConsolidate {
    fn describe(&self) -> Description {
        Description::new("explore_consolidate")
    }

    fn propose(&self, scene: &Scene<'_>, pairs: usize) -> Vec<Proposal> {
        let pool = Pool::draw(scene);
        if pool.rows.len() < 2 || pairs == 0 {
            return vec![];
        }
        let ground = self.ground(&pool, scene.seed);
        let mut board = Board::new(scene, &pool, &ground);
        let mut asked = board.unfinished();
        asked.truncate(pairs);
        let before = (scene.round as usize).saturating_sub(1) * pairs;
        while asked.len() < pairs {
            let reconcile = (before + asked.len()) % RECONCILE == RECONCILE - 1;
            let next = if reconcile { board.reconcile().or_else(|| board.explore()) } else { board.explore() };
            match next.or_else(|| board.reconcile()) {
                Some(pair) => asked.push(pair),
                None => break,
            }
        }
        if asked.is_empty() {
            return nearest_first(scene, &pool, pairs);
        }
        ranked(asked.into_iter().map(|(anchor, row)| (anchor, vec![row])).collect())
    }
}

impl ExploreConsolidate {
    /// The graph of a pool, kept until the embedding or the pool changes.
    fn ground(&self, pool: &Pool, seed: u64) -> Arc<Ground> {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(seed);
        hasher.write_usize(pool.width);
        pool.vectors.iter().for_each(|value| hasher.write_u32(value.to_bits()));
        let key = hasher.finish();
        let mut kept = self.ground.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref() {
            Some((of, ground)) if *of == key => Arc::clone(ground),
            _ => {
                let ground = Arc::new(Ground::new(pool, seed));
                *kept = Some((key, Arc::clone(&ground)));
                ground
            }
        }
    }
}

/// What depends on the pool's rows only.
#[derive(Debug)]
struct Ground {
    neighbours: Neighbours,
    /// Spectral coordinates, row-major.
    coordinates: Vec<f32>,
    width: usize,
}

impl Ground {
    fn new(pool: &Pool, seed: u64) -> Self {
        let neighbours = Neighbours::of(&pool.vectors, pool.width, NEIGHBOURS);
        let width = COORDINATES.min(pool.rows.len());
        let coordinates = spectral(&neighbours, width, &mut stream(seed, &[PURPOSE]));
        Self { neighbours, coordinates, width }
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{World, check, unresolved};
    use super::*;

    #[test]
    fn keeps_the_rules() {
        check(&explore_consolidate());
    }

    #[test]
    fn finds_the_classes_with_few_answers() {
        let mut world = World::blobs(5, 40, 6, 0.2, 6);
        world.play(&explore_consolidate(), 1, 40);
        let components: Vec<_> = world.belief.known().filter(|&c| world.belief.members(c).len() > 1).collect();
        let mut classes: Vec<u32> =
            components.iter().map(|&c| world.classes[world.belief.members(c)[0] as usize]).collect();
        classes.sort_unstable();
        classes.dedup();
        assert_eq!(classes.len(), 5);
    }

    #[test]
    fn a_row_in_progress_is_placed_first() {
        let mut world = World::blobs(3, 20, 4, 0.2, 1);
        for (a, b) in [(0, 3), (1, 4), (0, 1), (2, 5), (0, 2), (1, 2)] {
            world.answer(a, b);
        }
        // Row 7 is of the second class and was compared with the first.
        world.answer(0, 7);
        let found = explore_consolidate().propose(&world.scene(1), 1);
        assert!([1, 4].contains(&found[0].anchor) && found[0].candidates == [7], "{found:?}");
    }

    #[test]
    fn the_number_of_threads_does_not_matter() {
        let mut world = World::blobs(6, 300, 5, 0.5, 8);
        for row in 0..60 {
            world.answer(row * 7, row * 13 + 1);
        }
        let with = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| explore_consolidate().propose(&world.scene(3), 25))
        };
        assert_eq!(with(1), with(3));
    }

    #[test]
    fn ends_with_everything_known() {
        let mut world = World::blobs(3, 12, 4, 0.5, 1);
        world.play(&explore_consolidate(), 7, 10_000);
        assert_eq!(unresolved(&world), 0.0);
    }

    #[test]
    fn what_is_kept_between_calls_does_not_change_the_questions() {
        let (mut first, mut second) = (World::blobs(3, 30, 4, 0.3, 1), World::blobs(3, 30, 4, 0.3, 1));
        let kept = explore_consolidate();
        kept.propose(&World::blobs(2, 9, 3, 0.3, 5).scene(1), 3);
        first.play(&kept, 3, 30);
        for round in 1..=10 {
            for proposal in explore_consolidate().propose(&second.scene(round), 3) {
                second.answer(proposal.anchor, proposal.candidates[0]);
            }
        }
        assert_eq!(first.statements, second.statements);
    }
}
