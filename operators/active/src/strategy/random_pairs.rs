//! The passive baseline: pairs about which nothing is known, drawn uniformly.

use relata_registry::Description;
use std::collections::{HashMap, HashSet};

use rand::RngExt;
use relata_data::seed::{Rng, stream};

use super::{Proposal, Scene, Strategy};

const PURPOSE: u64 = 0x9a125;

/// See [`random_pairs`].
#[derive(Debug, Clone, Copy)]
pub struct RandomPairs;

/// Pairs drawn uniformly among those that are open: what any active strategy has to beat.
pub fn random_pairs() -> RandomPairs {
    RandomPairs
}

impl Strategy for RandomPairs {
    fn describe(&self) -> Description {
        Description::new("random_pairs")
    }

    fn propose(&self, scene: &Scene<'_>, pairs: usize) -> Vec<Proposal> {
        let mut rng = stream(scene.seed, &[PURPOSE, scene.round.into()]);
        draw(scene, pairs, &mut rng)
            .into_iter()
            .map(|(a, b)| Proposal { anchor: a, candidates: vec![b], priority: 1.0 })
            .collect()
    }
}

/// Open pairs, none twice, each drawn uniformly among those that are left.
pub(crate) fn draw(scene: &Scene<'_>, pairs: usize, rng: &mut Rng) -> Vec<(u32, u32)> {
    let rows = scene.rows() as u32;
    let mut drawn = Drawn { scene, pairs: Vec::new(), taken: HashSet::new() };
    if rows < 2 {
        return drawn.pairs;
    }
    for _ in 0..16 * pairs + 16 {
        let (a, b) = (rng.random_range(0..rows), rng.random_range(0..rows));
        if drawn.pairs.len() < pairs && drawn.is_open(a, b) {
            drawn.take(a, b);
        }
    }
    if drawn.pairs.len() < pairs {
        draw_from_few(&mut drawn, pairs, rng);
    }
    drawn.pairs
}

struct Drawn<'a, 'b> {
    scene: &'a Scene<'b>,
    pairs: Vec<(u32, u32)>,
    taken: HashSet<(u32, u32)>,
}

impl Drawn<'_, '_> {
    fn is_open(&self, a: u32, b: u32) -> bool {
        self.scene.is_open(a, b) && !self.taken.contains(&(a.min(b), a.max(b)))
    }

    fn take(&mut self, a: u32, b: u32) {
        self.taken.insert((a.min(b), a.max(b)));
        self.pairs.push((a, b));
    }
}

/// Goes on when few of all pairs are open. The first row is drawn by a bound on the number of its open partners; taking
/// it with the probability open / bound makes every open pair equally likely, and makes the bound exact.
fn draw_from_few(drawn: &mut Drawn<'_, '_>, pairs: usize, rng: &mut Rng) {
    let mut bounds = partners(drawn.scene);
    let mut total: u64 = bounds.iter().sum();
    while drawn.pairs.len() < pairs && total > 0 {
        let mut left = rng.random_range(0..total);
        let first = bounds.iter().position(|&bound| {
            let here = left < bound;
            left = left.saturating_sub(bound);
            here
        });
        let Some(first) = first else { break };
        let a = first as u32;
        let open: Vec<u32> = (0..bounds.len() as u32).filter(|&b| drawn.is_open(a, b)).collect();
        let bound = std::mem::replace(&mut bounds[first], open.len() as u64);
        total -= bound - open.len() as u64;
        if rng.random_range(0..bound) < open.len() as u64 {
            drawn.take(a, open[rng.random_range(0..open.len())]);
        }
    }
}

/// For each row the number of rows to which its relation does not follow from the answers.
fn partners(scene: &Scene<'_>) -> Vec<u64> {
    let (belief, rows) = (scene.belief, scene.rows());
    let size = |component| belief.members(component).len() as u64;
    let mut by_component: HashMap<u32, u64> = HashMap::new();
    let of_row = |row| {
        let component = belief.component(row);
        let unknown = || rows as u64 - size(component) - belief.apart(component).map(size).sum::<u64>();
        *by_component.entry(component).or_insert_with(unknown)
    };
    (0..rows as u32).map(of_row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{World, check};
    use super::*;

    #[test]
    fn keeps_the_rules() {
        check(&random_pairs());
    }

    #[test]
    fn asks_until_everything_is_known() {
        let mut world = World::blobs(3, 15, 4, 0.5, 1);
        world.play(&random_pairs(), 10, 10_000);
        assert_eq!(super::super::fixture::unresolved(&world), 0.0);
    }

    #[test]
    fn open_pairs_are_equally_likely_when_they_are_few() {
        let mut world = World::on_circle(&[0.0, 60.0, 120.0, 180.0, 240.0, 300.0], &[0, 0, 0, 1, 1, 2]);
        for (a, b) in [(0, 1), (1, 2), (0, 3)] {
            world.answer(a, b);
        }
        world.pass(4, 5);
        let scene = world.scene(1);
        let open: Vec<_> =
            (0..6).flat_map(|a| (0..a).map(move |b| (b, a))).filter(|&(a, b)| scene.is_open(a, b)).collect();
        let mut rng = stream(1, &[]);
        let mut counts: HashMap<(u32, u32), f64> = HashMap::new();
        let draws = 20_000;
        for _ in 0..draws {
            let mut drawn = Drawn { scene: &scene, pairs: vec![], taken: HashSet::new() };
            draw_from_few(&mut drawn, 1, &mut rng);
            let (a, b) = drawn.pairs[0];
            *counts.entry((a.min(b), a.max(b))).or_default() += 1.0;
        }
        for pair in &open {
            let share = counts.get(pair).copied().unwrap_or_default() / f64::from(draws) * open.len() as f64;
            assert!((share - 1.0).abs() < 0.12, "{pair:?}: {share}");
        }
        assert_eq!(draw(&scene, 100, &mut rng).len(), open.len());
    }
}
