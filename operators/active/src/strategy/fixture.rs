//! Fixture: small worlds with known classes for the tests of the strategies, and the rules that every strategy keeps.

use std::collections::HashSet;

use rand::RngExt;
use relata_data::index::TrainingRow;
use relata_data::seed::stream;

use super::STRATEGIES;
use super::query_context::QueryContext;
use super::query_strategy::{Query, Strategy};
use crate::calibration::Calibration;
use crate::inference::{Belief, BeliefSettings, Constraint};

/// Rows whose classes are known to the test.
pub struct World {
    /// The class of each row.
    pub classes: Vec<u32>,
    /// What follows from the answers.
    pub belief: Belief,
    /// The answers so far.
    pub constraints: Vec<(u32, u32, bool)>,
    /// Pairs that were passed.
    pub closed: HashSet<(TrainingRow, TrainingRow)>,
    /// Predicts relations.
    pub calibration: Calibration,
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
        let (constraints, closed) = (vec![], HashSet::new());
        Self { classes, belief, constraints, closed, calibration: Calibration::prior(), embeddings, width }
    }

    /// What a strategy sees.
    pub fn context(&self, round: u32) -> QueryContext<'_> {
        QueryContext {
            embeddings: &self.embeddings,
            width: self.width,
            belief: &self.belief,
            calibration: &self.calibration,
            closed: &self.closed,
            candidates: None,
            seed: 7,
            round,
        }
    }

    /// Answers truthfully whether two rows are of one class.
    pub fn answer(&mut self, a: u32, b: u32) {
        let related = self.classes[a as usize] == self.classes[b as usize];
        self.constraints.push((a, b, related));
        let number = self.constraints.len() as u64;
        self.belief.add(Constraint { number, a: TrainingRow(a), b: TrainingRow(b), related, weight: 1.0 });
    }

    /// Passes a pair.
    pub fn pass(&mut self, a: u32, b: u32) {
        self.closed.insert((TrainingRow(a.min(b)), TrainingRow(a.max(b))));
    }

    /// Answers a strategy's questions until it has no more or `most` pairs were asked about; gives their number.
    pub fn play(&mut self, strategy: &dyn Strategy, pairs: usize, most: usize) -> usize {
        let mut asked = 0;
        for round in 1.. {
            let queries = strategy.propose(&self.context(round), pairs.min(most - asked));
            keeps_the_rules(&self.context(round), &queries, pairs);
            if queries.is_empty() {
                break;
            }
            for query in queries {
                for candidate in query.candidates {
                    self.answer(query.anchor.0, candidate.0);
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

fn keeps_the_rules(context: &QueryContext<'_>, queries: &[Query], pairs: usize) {
    let mut seen = HashSet::new();
    for query in queries {
        assert!(!query.candidates.is_empty());
        assert!(query.priority.is_finite());
        for &candidate in &query.candidates {
            assert!(context.is_open(query.anchor, candidate), "{query:?}");
            let pair = (query.anchor.min(candidate), query.anchor.max(candidate));
            assert!(seen.insert(pair), "{pair:?} twice");
        }
    }
    assert!(seen.len() <= pairs, "{} of {pairs}", seen.len());
    assert!(queries.is_sorted_by(|a, b| a.priority >= b.priority), "{queries:?}");
}

/// What every strategy keeps: only open pairs, none twice, never too many, the same context the same queries, two rows
/// are enough, and no question when nothing is left.
pub fn check(strategy: &dyn Strategy) {
    let again = STRATEGIES.read(&strategy.describe()).unwrap();
    assert_eq!(again.describe(), strategy.describe());
    for (pairs, noise, seed) in [(1, 0.2, 1), (7, 0.6, 2), (40, 0.6, 3)] {
        let mut world = World::blobs(3, 20, 4, noise, seed);
        for round in 1..=6 {
            let queries = strategy.propose(&world.context(round), pairs);
            assert_eq!(queries, strategy.propose(&world.context(round), pairs), "not deterministic");
            assert!(!queries.is_empty() || !has_open(&world), "no question in round {round}");
            keeps_the_rules(&world.context(round), &queries, pairs);
            for (at, query) in queries.iter().enumerate() {
                for &candidate in &query.candidates {
                    match at % 5 {
                        4 => world.pass(query.anchor.0, candidate.0),
                        _ => world.answer(query.anchor.0, candidate.0),
                    }
                }
            }
        }
    }
    assert!(strategy.propose(&World::blobs(3, 20, 4, 0.2, 1).context(1), 0).is_empty());
    // Two rows: one question, then none.
    let mut two = World::on_circle(&[0.0, 90.0], &[0, 1]);
    let queries = strategy.propose(&two.context(1), 10);
    assert_eq!(queries.len(), 1);
    keeps_the_rules(&two.context(1), &queries, 10);
    two.pass(0, 1);
    assert!(strategy.propose(&two.context(2), 10).is_empty());
    two.closed.clear();
    two.answer(0, 1);
    assert!(strategy.propose(&two.context(2), 10).is_empty());
    assert!(strategy.propose(&World::on_circle(&[0.0], &[0]).context(1), 10).is_empty());
    // Everything is known.
    let mut known = World::blobs(3, 4, 3, 0.3, 4);
    (1..12).for_each(|row| (0..row).for_each(|other| known.answer(other, row)));
    assert!(strategy.propose(&known.context(9), 10).is_empty());
}

fn has_open(world: &World) -> bool {
    let rows = world.classes.len() as u32;
    let is_open = |a, b| world.context(1).is_open(TrainingRow(a), TrainingRow(b));
    (0..rows).any(|a| (0..a).any(|b| is_open(a, b)))
}

/// The share of pairs of rows in different components of one class, over all pairs of one class: 0 when all classes are
/// one component each.
pub fn unresolved(world: &World) -> f64 {
    let rows = world.classes.len() as u32;
    let pairs = || (0..rows).flat_map(|a| (0..a).map(move |b| (a, b)));
    let related = pairs().filter(|&(a, b)| world.classes[a as usize] == world.classes[b as usize]);
    let related: Vec<_> = related.collect();
    let is_open = |&&(a, b): &&(u32, u32)| world.belief.relation(TrainingRow(a), TrainingRow(b)).is_none();
    let open = related.iter().filter(is_open).count();
    open as f64 / related.len() as f64
}
