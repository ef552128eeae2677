//! Batch selection: from scored pairs to the queries of one round, which are answered together. A query that the likely
//! answer to an earlier one makes useless waits for a later round.

use relata_data::index::TrainingRow;

use super::query_context::QueryContext;
use super::query_strategy::Query;

/// A pair that may be asked about.
#[derive(Debug, Clone, Copy)]
pub(super) struct ScoredPair {
    /// The row that is compared with.
    pub anchor: TrainingRow,
    /// The row that may be related to it.
    pub candidate: TrainingRow,
    /// How useful the question is.
    pub score: f32,
    /// How probable a yes is; of equally useful questions the more probable one comes first.
    pub probability: f32,
}

/// The best `pairs` of them, best first. No two are about the same two components. If there are enough, no two compare
/// rows that are probably related with the same component, either.
pub(super) fn select_batch(context: &QueryContext<'_>, mut scored: Vec<ScoredPair>, pairs: usize) -> Vec<Query> {
    scored.sort_unstable_by(order);
    let mut picked: Vec<ScoredPair> = Vec::with_capacity(pairs.min(scored.len()));
    let same = |a, b| context.belief.component(a) == context.belief.component(b);
    let alike = |a, b| same(a, b) || context.calibration.probability(context.similarity(a, b)) > 0.5;
    let mut add = |useless: &dyn Fn(TrainingRow, TrainingRow) -> bool| {
        for pair in &scored {
            if picked.len() == pairs {
                break;
            }
            let repeats = |earlier: &ScoredPair| {
                (useless(pair.anchor, earlier.anchor) && useless(pair.candidate, earlier.candidate))
                    || (useless(pair.anchor, earlier.candidate) && useless(pair.candidate, earlier.anchor))
            };
            if !picked.iter().any(repeats) {
                picked.push(*pair);
            }
        }
    };
    add(&alike);
    add(&same);
    picked.sort_unstable_by(order);
    let question =
        |pair: ScoredPair| Query { anchor: pair.anchor, candidates: vec![pair.candidate], priority: pair.score };
    picked.into_iter().map(question).collect()
}

/// Questions (anchor, candidates) in the order in which one asker would go.
pub(super) fn ranked(questions: Vec<(TrainingRow, Vec<TrainingRow>)>) -> Vec<Query> {
    let many = questions.len() as f32;
    let rank = |at: usize| 1.0 - at as f32 / many;
    let question = |(at, (anchor, candidates))| Query { anchor, candidates, priority: rank(at) };
    questions.into_iter().enumerate().map(question).collect()
}

/// By use, then by probability, the largest first.
pub(super) fn order(a: &ScoredPair, b: &ScoredPair) -> std::cmp::Ordering {
    let by_use = b.score.total_cmp(&a.score).then(b.probability.total_cmp(&a.probability));
    by_use.then((a.anchor, a.candidate).cmp(&(b.anchor, b.candidate)))
}

#[cfg(test)]
mod tests {
    use super::super::fixture::World;
    use super::*;

    fn scored(anchor: u32, candidate: u32, score: f32) -> ScoredPair {
        let (anchor, candidate) = (TrainingRow(anchor), TrainingRow(candidate));
        ScoredPair { anchor, candidate, score, probability: 0.5 }
    }

    #[test]
    fn questions_whose_answers_are_likely_the_same_wait() {
        let mut world = World::on_circle(&[0.0, 1.0, 120.0, 121.0, 240.0], &[0, 0, 1, 1, 2]);
        world.answer(0, 1);
        let pairs = vec![scored(0, 2, 0.9), scored(0, 3, 0.8), scored(1, 2, 0.7), scored(4, 1, 0.6)];
        let rows = |most| {
            let picked = select_batch(&world.context(1), pairs.clone(), most);
            picked.iter().map(|p| (p.anchor.0, p.candidates[0].0)).collect::<Vec<_>>()
        };
        assert_eq!(rows(1), [(0, 2)]);
        assert_eq!(rows(2), [(0, 2), (4, 1)]);
        // With nothing better left, the near-repetition is asked; the same two components never are.
        assert_eq!(rows(9), [(0, 2), (0, 3), (4, 1)]);
    }
}
