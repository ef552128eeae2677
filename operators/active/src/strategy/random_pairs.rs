//! Random pairs, the passive baseline: pairs about which nothing is known, drawn uniformly.

use std::collections::{HashMap, HashSet};

use rand::RngExt;
use relata_data::index::TrainingRow;
use relata_data::seed::{Purpose, Rng};

use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use super::candidate_queries::drawn;
use super::query_context::QueryContext;
use super::query_strategy::{Query, Strategy};

/// See [`random_pairs`].
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct RandomPairs;

/// Pairs drawn uniformly among those that are open: what any active strategy has to beat.
///
/// ```
/// use relata_active::query_loop::StrategyExt;
/// use relata_active::strategy::{Strategy, random_pairs};
///
/// assert_eq!(random_pairs().describe().to_string(), "random_pairs");
/// let config = random_pairs().budget(300.0).per_round(50);
/// # config.check().unwrap();
/// ```
pub fn random_pairs() -> RandomPairs {
    RandomPairs
}

impl Settings for RandomPairs {
    const NAME: &'static str = "random_pairs";
    const SUMMARY: &'static str = "pairs drawn uniformly: the passive baseline";
}

impl Strategy for RandomPairs {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn propose(&self, context: &QueryContext<'_>, pairs: usize) -> Vec<Query> {
        let mut rng = Purpose::RandomPairs.stream(context.seed, &[context.round.into()]);
        if let Some(candidates) = context.candidates {
            return drawn(candidates, context, pairs, &mut rng);
        }
        draw_pairs(context, pairs, &mut rng)
            .into_iter()
            .map(|(a, b)| Query { anchor: a, candidates: vec![b], priority: 1.0 })
            .collect()
    }
}

/// Open pairs, none twice, each drawn uniformly among those that are left.
pub(crate) fn draw_pairs(context: &QueryContext<'_>, pairs: usize, rng: &mut Rng) -> Vec<(TrainingRow, TrainingRow)> {
    let rows = context.rows() as u32;
    let mut drawn = Drawn { context, pairs: Vec::new(), taken: HashSet::new() };
    if rows < 2 {
        return drawn.pairs;
    }
    for _ in 0..16 * pairs + 16 {
        let (a, b) = (TrainingRow(rng.random_range(0..rows)), TrainingRow(rng.random_range(0..rows)));
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
    context: &'a QueryContext<'b>,
    pairs: Vec<(TrainingRow, TrainingRow)>,
    taken: HashSet<(TrainingRow, TrainingRow)>,
}

impl Drawn<'_, '_> {
    fn is_open(&self, a: TrainingRow, b: TrainingRow) -> bool {
        self.context.is_open(a, b) && !self.taken.contains(&(a.min(b), a.max(b)))
    }

    fn take(&mut self, a: TrainingRow, b: TrainingRow) {
        self.taken.insert((a.min(b), a.max(b)));
        self.pairs.push((a, b));
    }
}

/// Goes on when few of all pairs are open. The first row is drawn by a bound on the number of its open partners; taking
/// it with the probability open / bound makes every open pair equally likely, and makes the bound exact.
fn draw_from_few(drawn: &mut Drawn<'_, '_>, pairs: usize, rng: &mut Rng) {
    let mut bounds = partners(drawn.context);
    let mut total: u64 = bounds.iter().sum();
    while drawn.pairs.len() < pairs && total > 0 {
        let mut left = rng.random_range(0..total);
        let first = bounds.iter().position(|&bound| {
            let here = left < bound;
            left = left.saturating_sub(bound);
            here
        });
        let Some(first) = first else { break };
        let a = TrainingRow(first as u32);
        let open: Vec<TrainingRow> =
            (0..bounds.len() as u32).map(TrainingRow).filter(|&b| drawn.is_open(a, b)).collect();
        let bound = std::mem::replace(&mut bounds[first], open.len() as u64);
        total -= bound - open.len() as u64;
        if rng.random_range(0..bound) < open.len() as u64 {
            drawn.take(a, open[rng.random_range(0..open.len())]);
        }
    }
}

/// For each row the number of rows to which its relation does not follow from the answers.
fn partners(context: &QueryContext<'_>) -> Vec<u64> {
    let (belief, rows) = (context.belief, context.rows());
    let size = |component| belief.members(component).len() as u64;
    let mut by_component: HashMap<u32, u64> = HashMap::new();
    let of_row = |row| {
        let component = belief.component(row);
        let unknown = || rows as u64 - size(component) - belief.cannot_links(component).map(size).sum::<u64>();
        *by_component.entry(component).or_insert_with(unknown)
    };
    (0..rows as u32).map(TrainingRow).map(of_row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{World, check};
    use relata_data::seed::stream;

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
        let context = world.context(1);
        let open: Vec<_> = (0..6)
            .flat_map(|a| (0..a).map(move |b| (TrainingRow(b), TrainingRow(a))))
            .filter(|&(a, b)| context.is_open(a, b))
            .collect();
        let mut rng = stream(1, &[]);
        let mut counts: HashMap<(TrainingRow, TrainingRow), f64> = HashMap::new();
        let draws = 20_000;
        for _ in 0..draws {
            let mut drawn = Drawn { context: &context, pairs: vec![], taken: HashSet::new() };
            draw_from_few(&mut drawn, 1, &mut rng);
            let (a, b) = drawn.pairs[0];
            *counts.entry((a.min(b), a.max(b))).or_default() += 1.0;
        }
        for pair in &open {
            let share = counts.get(pair).copied().unwrap_or_default() / f64::from(draws) * open.len() as f64;
            assert!((share - 1.0).abs() < 0.12, "{pair:?}: {share}");
        }
        assert_eq!(draw_pairs(&context, 100, &mut rng).len(), open.len());
    }
}
