//! Candidate queries: which of the scored candidates to ask about.

use std::collections::{HashMap, HashSet};

use rand::seq::index::sample;
use relata_data::index::TrainingRow;
use relata_data::seed::Rng;

use super::batch_selection::{ScoredPair, order, ranked};
use super::candidate_pool::LOOKED_AT;
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

/// The open pairs with a score each, those with the largest only: `most` of them.
pub(super) fn scored(
    candidates: &ScoredCandidates,
    context: &QueryContext<'_>,
    most: usize,
    score: impl Fn(TrainingRow, TrainingRow, f32) -> f32,
) -> Vec<ScoredPair> {
    let open = candidates.pairs.iter().filter(|((a, b), _)| context.is_open(*a, *b));
    let score = |&((anchor, candidate), probability): &((TrainingRow, TrainingRow), f32)| ScoredPair {
        anchor,
        candidate,
        score: score(anchor, candidate, probability),
        probability,
    };
    let mut found: Vec<ScoredPair> = open.map(score).collect();
    if found.len() > most {
        found.select_nth_unstable_by(most, order);
        found.truncate(most);
    }
    found.sort_unstable_by(order);
    found
}

/// The most probable open pairs, each component of rows in one of them at most.
pub(super) fn most_probable(candidates: &ScoredCandidates, context: &QueryContext<'_>, pairs: usize) -> Vec<Query> {
    let (mut used, mut found) = (HashSet::new(), Vec::new());
    for pair in scored(candidates, context, LOOKED_AT * pairs, |_, _, probability| probability) {
        let ends = [pair.anchor, pair.candidate].map(|row| context.belief.component(row));
        if found.len() < pairs && ends.iter().all(|end| !used.contains(end)) {
            used.extend(ends);
            found.push((pair.anchor, pair.candidate));
        }
    }
    single_pairs(found)
}

/// Rows with their most probable open partners, up to `most` each, rows first whose partners are the most probable
/// altogether. No row is in two questions.
pub(super) fn gathered(
    candidates: &ScoredCandidates,
    context: &QueryContext<'_>,
    most: usize,
    pairs: usize,
) -> Vec<Query> {
    let mut partners: HashMap<TrainingRow, Vec<(f32, TrainingRow)>> = HashMap::new();
    for &((a, b), probability) in candidates.pairs.iter().filter(|((a, b), _)| context.is_open(*a, *b)) {
        partners.entry(a).or_default().push((probability, b));
        partners.entry(b).or_default().push((probability, a));
    }
    let mut anchors: Vec<(f32, TrainingRow, Vec<TrainingRow>)> = partners
        .into_iter()
        .map(|(row, mut others)| {
            others.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            others.truncate(most);
            (others.iter().map(|other| other.0).sum(), row, others.into_iter().map(|other| other.1).collect())
        })
        .collect();
    anchors.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let (mut used, mut found, mut left) = (HashSet::new(), Vec::new(), pairs);
    for (_, anchor, mut others) in anchors {
        others.retain(|row| !used.contains(row));
        others.truncate(left);
        if left > 0 && !others.is_empty() && used.insert(anchor) {
            left -= others.len();
            used.extend(others.iter().copied());
            found.push((anchor, others));
        }
    }
    ranked(found)
}

/// One question a pair, the first the most urgent.
fn single_pairs(pairs: Vec<(TrainingRow, TrainingRow)>) -> Vec<Query> {
    ranked(pairs.into_iter().map(|(anchor, candidate)| (anchor, vec![candidate])).collect())
}

#[cfg(test)]
mod tests {
    use relata_data::seed::Purpose;

    use super::super::STRATEGIES;
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

    #[test]
    fn every_strategy_asks_about_candidates_only() {
        let mut world = World::blobs(3, 12, 3, 0.2, 1);
        for (a, b) in [(0, 3), (1, 4), (0, 1)] {
            world.answer(a, b);
        }
        let near = |at: u32| (TrainingRow(at), TrainingRow(at + 3));
        let pairs: Vec<_> = (0..30).map(|at| (near(at), 0.3 + 0.02 * at as f32)).collect();
        let candidates = ScoredCandidates { pairs, ranked: vec![] };
        for name in STRATEGIES.names() {
            let strategy = STRATEGIES.parse(name, &[]).unwrap();
            let context = QueryContext { candidates: Some(&candidates), ..world.context(1) };
            let queries = strategy.propose(&context, 6);
            let asked: Vec<_> =
                queries.iter().flat_map(|query| query.candidates.iter().map(|&row| (query.anchor, row))).collect();
            assert!(!asked.is_empty() && asked.len() <= 6, "{name}: {asked:?}");
            for (a, b) in asked {
                let pair = (a.min(b), a.max(b));
                assert!(
                    candidates.pairs.iter().any(|known| known.0 == pair) && context.is_open(a, b),
                    "{name}: {pair:?}"
                );
            }
        }
    }

    #[test]
    fn rows_are_shown_with_their_most_probable_partners() {
        let world = World::blobs(3, 4, 3, 0.2, 1);
        let pair = |a, b| (TrainingRow(a), TrainingRow(b));
        let pairs = vec![(pair(0, 1), 0.9), (pair(0, 2), 0.8), (pair(0, 3), 0.1), (pair(3, 4), 0.6), (pair(1, 5), 0.5)];
        let candidates = ScoredCandidates { pairs, ranked: vec![] };
        let found = gathered(&candidates, &world.context(1), 2, 10);
        let rows = |query: &Query| (query.anchor.0, query.candidates.iter().map(|row| row.0).collect::<Vec<_>>());
        assert_eq!(found.iter().map(rows).collect::<Vec<_>>(), [(0, vec![1, 2]), (3, vec![4])]);
        assert_eq!(most_probable(&candidates, &world.context(1), 10).len(), 2);
    }
}
