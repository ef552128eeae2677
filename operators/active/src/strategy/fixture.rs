//! Small worlds with known classes for the tests of the strategies, and the rules that every strategy keeps.

use std::collections::HashSet;

use rand::RngExt;
use relata_data::seed::stream;

use super::{Proposal, Scene, Strategy};
use crate::belief::{Belief, BeliefSettings, Statement};
use crate::predict::Predictor;

/// Rows whose classes are known to the test.
pub struct World {
    /// The class of each row.
    pub classes: Vec<u32>,
    /// What follows from the answers.
    pub belief: Belief,
    /// The answers so far.
    pub statements: Vec<(u32, u32, bool)>,
    /// Pairs that were passed.
    pub closed: HashSet<(u32, u32)>,
    /// Predicts relations.
    pub predictor: Predictor,
    embeddings: Vec<f32>,
    width: usize,
}

impl World {
    /// Row i is in class i modulo `classes`; rows lie around their class's direction.
    pub fn blobs(classes: usize, each: usize, width: usize, noise: f32, seed: u64) -> Self {
        let mut rng = stream(seed, &[]);
        let mut draw = |scale: f32| (0..width).map(|_| scale * rng.random_range(-1.0..1.0f32)).collect::<Vec<_>>();
        let centres: Vec<_> = (0..classes).map(|_| draw(1.0)).collect();
        let rows = (0..classes * each).flat_map(|row| {
            draw(noise).into_iter().zip(&centres[row % classes]).map(|(x, y)| x + y).collect::<Vec<_>>()
        });
        Self::new(rows.collect(), width, (0..classes * each).map(|row| (row % classes) as u32).collect())
    }

    /// Rows on the unit circle at these angles, in degrees.
    pub fn on_circle(angles: &[f32], classes: &[u32]) -> Self {
        let rows = angles.iter().flat_map(|angle| [angle.to_radians().cos(), angle.to_radians().sin()]);
        Self::new(rows.collect(), 2, classes.to_vec())
    }

    fn new(mut embeddings: Vec<f32>, width: usize, classes: Vec<u32>) -> Self {
        for row in embeddings.chunks_exact_mut(width) {
            let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt();
            row.iter_mut().for_each(|x| *x /= norm);
        }
        let belief = Belief::new(classes.len(), BeliefSettings::default());
        let (statements, closed) = (vec![], HashSet::new());
        Self { classes, belief, statements, closed, predictor: Predictor::prior(), embeddings, width }
    }

    /// What a strategy sees.
    pub fn scene(&self, round: u32) -> Scene<'_> {
        Scene {
            embeddings: &self.embeddings,
            width: self.width,
            belief: &self.belief,
            predictor: &self.predictor,
            closed: &self.closed,
            seed: 7,
            round,
        }
    }

    /// Answers truthfully whether two rows are of one class.
    pub fn answer(&mut self, a: u32, b: u32) {
        let related = self.classes[a as usize] == self.classes[b as usize];
        self.statements.push((a, b, related));
        let number = self.statements.len() as u64;
        self.belief.add(Statement { number, a, b, related, weight: 1.0 });
    }

    /// Passes a pair.
    pub fn pass(&mut self, a: u32, b: u32) {
        self.closed.insert((a.min(b), a.max(b)));
    }

    /// Answers a strategy's questions until it has no more or `most` pairs were asked about; gives their number.
    pub fn play(&mut self, strategy: &dyn Strategy, pairs: usize, most: usize) -> usize {
        let mut asked = 0;
        for round in 1.. {
            let proposals = strategy.propose(&self.scene(round), pairs.min(most - asked));
            keeps_the_rules(&self.scene(round), &proposals, pairs);
            if proposals.is_empty() {
                break;
            }
            for proposal in proposals {
                for candidate in proposal.candidates {
                    self.answer(proposal.anchor, candidate);
                    asked += 1;
                }
            }
            if asked == most {
                break;
            }
        }
        asked
    }
}

fn keeps_the_rules(scene: &Scene<'_>, proposals: &[Proposal], pairs: usize) {
    let mut seen = HashSet::new();
    for proposal in proposals {
        assert!(!proposal.candidates.is_empty());
        assert!(proposal.priority.is_finite());
        for &candidate in &proposal.candidates {
            assert!(scene.is_open(proposal.anchor, candidate), "{proposal:?}");
            let pair = (proposal.anchor.min(candidate), proposal.anchor.max(candidate));
            assert!(seen.insert(pair), "{pair:?} twice");
        }
    }
    assert!(seen.len() <= pairs, "{} of {pairs}", seen.len());
    assert!(proposals.is_sorted_by(|a, b| a.priority >= b.priority), "{proposals:?}");
}

/// What every strategy keeps: only open pairs, none twice, never too many, the same scene the same proposals, two rows
/// are enough, and no question when nothing is left.
pub fn check(strategy: &dyn Strategy) {
    assert!(!strategy.describe().name.is_empty());
    for (pairs, noise, seed) in [(1, 0.2, 1), (7, 0.6, 2), (40, 0.6, 3)] {
        let mut world = World::blobs(3, 20, 4, noise, seed);
        for round in 1..=6 {
            let proposals = strategy.propose(&world.scene(round), pairs);
            assert_eq!(proposals, strategy.propose(&world.scene(round), pairs), "not deterministic");
            assert!(!proposals.is_empty() || !has_open(&world), "no question in round {round}");
            keeps_the_rules(&world.scene(round), &proposals, pairs);
            for (at, proposal) in proposals.iter().enumerate() {
                for &candidate in &proposal.candidates {
                    match at % 5 {
                        4 => world.pass(proposal.anchor, candidate),
                        _ => world.answer(proposal.anchor, candidate),
                    }
                }
            }
        }
    }
    assert!(strategy.propose(&World::blobs(3, 20, 4, 0.2, 1).scene(1), 0).is_empty());
    // Two rows: one question, then none.
    let mut two = World::on_circle(&[0.0, 90.0], &[0, 1]);
    let proposals = strategy.propose(&two.scene(1), 10);
    assert_eq!(proposals.len(), 1);
    keeps_the_rules(&two.scene(1), &proposals, 10);
    two.pass(0, 1);
    assert!(strategy.propose(&two.scene(2), 10).is_empty());
    two.closed.clear();
    two.answer(0, 1);
    assert!(strategy.propose(&two.scene(2), 10).is_empty());
    assert!(strategy.propose(&World::on_circle(&[0.0], &[0]).scene(1), 10).is_empty());
    // Everything is known.
    let mut known = World::blobs(3, 4, 3, 0.3, 4);
    (1..12).for_each(|row| (0..row).for_each(|other| known.answer(other, row)));
    assert!(strategy.propose(&known.scene(9), 10).is_empty());
}

fn has_open(world: &World) -> bool {
    let rows = world.classes.len() as u32;
    (0..rows).any(|a| (0..a).any(|b| world.scene(1).is_open(a, b)))
}

/// The share of pairs of rows in different components of one class, over all pairs of one class: 0 when all classes are
/// one component each.
pub fn unresolved(world: &World) -> f64 {
    let rows = world.classes.len() as u32;
    let pairs = || (0..rows).flat_map(|a| (0..a).map(move |b| (a, b)));
    let related = pairs().filter(|&(a, b)| world.classes[a as usize] == world.classes[b as usize]);
    let related: Vec<_> = related.collect();
    let open = related.iter().filter(|&&(a, b)| world.belief.relation(a, b).is_none()).count();
    open as f64 / related.len() as f64
}
