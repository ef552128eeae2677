//! Candidate queries: which of the scored candidates to ask about.

use std::collections::HashSet;

use rand::seq::index::sample;
use relata_data::index::TrainingRow;
use relata_data::seed::Rng;

use super::batch_selection::ranked;
use super::query_context::QueryContext;
use super::query_strategy::Query;
use super::scored_candidates::ScoredCandidates;

/// The open pairs that the model would ask about first, then the open pairs of which it is least certain.
pub(super) fn worth_asking(candidates: &ScoredCandidates, context: &QueryContext<'_>, pairs: usize) -> Vec<Query> {
    let mut asked = HashSet::new();
    let ranked = candidates.ranked.iter().copied().filter(|&(a, b)| context.is_open(a, b));
    let mut queries: Vec<_> = ranked.filter(|pair| asked.insert(*pair)).take(pairs).collect();
    if queries.len() < pairs {
        let rest = candidates.pairs.iter().filter(|((a, b), _)| context.is_open(*a, *b) && !asked.contains(&(*a, *b)));
        let mut rest: Vec<_> = rest.collect();
        let doubt = |probability: f32| (probability - 0.5).abs();
        rest.sort_by(|a, b| doubt(a.1).total_cmp(&doubt(b.1)).then(a.0.cmp(&b.0)));
        queries.extend(rest.into_iter().take(pairs - queries.len()).map(|(pair, _)| *pair));
    }
    single_pairs(queries)
}

/// Open pairs, drawn uniformly.
pub(super) fn drawn(
    candidates: &ScoredCandidates,
    context: &QueryContext<'_>,
    pairs: usize,
    rng: &mut Rng,
) -> Vec<Query> {
    let open = candidates.pairs.iter().map(|(pair, _)| *pair).filter(|&(a, b)| context.is_open(a, b));
    let open: Vec<_> = open.collect();
    let drawn = sample(rng, open.len(), pairs.min(open.len()));
    single_pairs(drawn.into_iter().map(|at| open[at]).collect())
}

/// One question a pair, the first the most urgent.
fn single_pairs(pairs: Vec<(TrainingRow, TrainingRow)>) -> Vec<Query> {
    ranked(pairs.into_iter().map(|(anchor, candidate)| (anchor, vec![candidate])).collect())
}

#[cfg(test)]
mod tests {
    use relata_data::seed::Purpose;

    use super::super::fixture::World;
    use super::*;

    #[test]
    fn ranked_pairs_come_first_and_known_ones_not_at_all() {
        let mut world = World::blobs(3, 4, 3, 0.2, 1);
        world.answer(0, 1);
        let pair = |a, b| (TrainingRow(a), TrainingRow(b));
        let pairs = vec![(pair(0, 1), 0.5), (pair(2, 3), 0.9), (pair(4, 5), 0.45), (pair(6, 7), 0.99)];
        let candidates = ScoredCandidates { pairs, ranked: vec![pair(0, 1), pair(6, 7), pair(6, 7)] };
        let rows = |queries: Vec<Query>| -> Vec<_> {
            queries.iter().map(|query| (query.anchor.0, query.candidates[0].0)).collect()
        };
        let context = world.context(1);
        assert_eq!(rows(worth_asking(&candidates, &context, 3)), [(6, 7), (4, 5), (2, 3)]);
        let mut rng = Purpose::RandomPairs.stream(1, &[]);
        let mut drawn = rows(drawn(&candidates, &context, 10, &mut rng));
        drawn.sort_unstable();
        assert_eq!(drawn, [(2, 3), (4, 5), (6, 7)]);
    }
}
