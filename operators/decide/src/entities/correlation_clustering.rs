//! Correlation clustering: the partition of the greatest total log-odds, as nearly as can be found.

use serde::{Deserialize, Serialize};

use super::agglomeration::{Linkage, agglomerate};
use super::clustering::Clustering;
use super::evidence::Evidence;
use super::local_search::LocalSearch;
use super::subproblem::{Subproblem, solve_components};
use crate::error::Result;

/// So often merging and moving take turns.
const ROUNDS: usize = 4;

/// Correlation clustering (Bansal, Blum and Chawla 2004) under must-links, cannot-links and one row per source: looks
/// for the entities of the greatest [total log-odds](super::total_log_odds). The best is NP-hard to find; this is
/// greedy agglomeration by the largest gain, followed by local search (as in Elsner and Schudy 2009), in turns until
/// neither gains. Components over pairs of positive log-odds are solved one by one: joining two of them gains nothing.
///
/// Time is near-linear in the pairs, memory in proportion to them.
///
/// ```
/// use relata_decide::entities::{Clustering, CorrelationClustering, Evidence, ScoredPair};
///
/// // 0 and 2 are alike to 1, but not to each other.
/// let pair = |a, b, log_odds| ScoredPair { a, b, log_odds };
/// let evidence = Evidence::new(4, vec![pair(0, 1, 2.0), pair(1, 2, 3.0), pair(0, 2, -4.0)])?;
/// assert_eq!(CorrelationClustering::default().entities(&evidence)?, [0, 1, 1, 3]);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CorrelationClustering {
    passes: usize,
}

impl CorrelationClustering {
    /// The most passes of local search over the rows of a component in a row; 20 by default, and none at 0.
    pub fn with_passes(mut self, passes: usize) -> Self {
        self.passes = passes;
        self
    }

    fn solve(&self, problem: &Subproblem) -> Vec<u32> {
        let alone: Vec<u32> = (0..problem.rows.len() as u32).collect();
        let mut clusters = agglomerate(problem, &alone, Linkage::Total);
        // Two units are together or not: nothing is left to move.
        if problem.rows.len() > 2 {
            let mut search = LocalSearch::new(problem, &clusters);
            for _ in 0..ROUNDS {
                if !search.run(self.passes) {
                    break;
                }
                let merged = search.merge_changed();
                clusters = search.clusters();
                if merged == clusters {
                    break;
                }
                search.restart(&merged);
                clusters = merged;
            }
        }
        clusters
    }
}

impl Default for CorrelationClustering {
    fn default() -> Self {
        Self { passes: 20 }
    }
}

impl Clustering for CorrelationClustering {
    fn entities(&self, evidence: &Evidence) -> Result<Vec<u32>> {
        Ok(solve_components(evidence, |log_odds| log_odds > 0.0, |problem| self.solve(problem)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    use super::super::evidence::ScoredPair;
    use super::super::objective::total_log_odds;
    use super::*;

    /// Whether a partition keeps all that is certain.
    fn allowed(evidence: &Evidence, entities: &[u32]) -> bool {
        let together = |&(a, b): &(u32, u32)| entities[a as usize] == entities[b as usize];
        let rows = 0..evidence.rows as u32;
        let pairs: Vec<_> = rows.flat_map(|b| (0..b).map(move |a| (a, b))).collect();
        let same_source = |(a, b): (u32, u32)| evidence.sources[a as usize] == evidence.sources[b as usize];
        evidence.must_links.iter().all(together)
            && !evidence.cannot_links.iter().any(together)
            && (evidence.sources.is_empty() || !pairs.iter().any(|pair| together(pair) && same_source(*pair)))
    }

    /// The greatest total log-odds of any partition.
    fn optimum(evidence: &Evidence) -> f64 {
        fn extend(evidence: &Evidence, entities: &mut Vec<u32>, best: &mut f64) {
            if entities.len() == evidence.rows {
                if allowed(evidence, entities) {
                    *best = best.max(total_log_odds(evidence, entities).unwrap());
                }
                return;
            }
            let clusters = entities.iter().max().map_or(0, |most| most + 1);
            for entity in 0..=clusters {
                entities.push(entity);
                extend(evidence, entities, best);
                entities.pop();
            }
        }
        let mut best = f64::NEG_INFINITY;
        extend(evidence, &mut Vec::new(), &mut best);
        best
    }

    /// Random pairs of up to `rows` rows; some of them certain.
    fn evidence(seed: u64, rows: u32, constrained: bool) -> Evidence {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let all: Vec<_> = (0..rows).flat_map(|b| (0..b).map(move |a| (a, b))).collect();
        let mut pairs = Vec::new();
        for &(a, b) in all.iter() {
            if rng.random_bool(0.6) {
                pairs.push(ScoredPair { a, b, log_odds: rng.random_range(-4.0..4.0) });
            }
        }
        let mut found = Evidence::new(rows as usize, pairs).unwrap().with_unseen(rng.random_range(-1.5..0.0)).unwrap();
        if constrained && !all.is_empty() {
            for _ in 0..3 {
                let link = all[rng.random_range(0..all.len())];
                // What contradicts is left out.
                let [must, cannot] = [&found.must_links, &found.cannot_links].map(|l| [l.as_slice(), &[link]].concat());
                let next = found.clone();
                let next =
                    if rng.random_bool(0.5) { next.with_must_links(must) } else { next.with_cannot_links(cannot) };
                found = next.unwrap_or(found);
            }
            let sources = (0..rows).map(|row| if rng.random_bool(0.5) { row } else { 100 + row % 2 }).collect();
            found = found.clone().with_sources(sources).unwrap_or(found);
        }
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn constraints_hold_and_local_search_does_no_harm(seed in any::<u64>(), rows in 0u32..40) {
            let evidence = evidence(seed, rows, true);
            let entities = CorrelationClustering::default().entities(&evidence).unwrap();
            prop_assert!(allowed(&evidence, &entities));
            prop_assert!(entities.iter().enumerate().all(|(row, &entity)| entity as usize <= row));
            prop_assert!(entities.iter().all(|&entity| entities[entity as usize] == entity));
            let mut turned = evidence.clone();
            turned.pairs = Evidence::new(evidence.rows, evidence.pairs.iter().rev().copied().collect()).unwrap().pairs;
            prop_assert_eq!(&entities, &CorrelationClustering::default().entities(&turned).unwrap());
            let whole = total_log_odds(&evidence, &entities).unwrap();
            let greedy = CorrelationClustering::default().with_passes(0).entities(&evidence).unwrap();
            prop_assert!(whole >= total_log_odds(&evidence, &greedy).unwrap() - 1e-9);
        }
    }

    #[test]
    fn small_problems_are_mostly_solved_to_the_optimum() {
        for constrained in [false, true] {
            let (mut exact, mut regret, mut all) = (0, 0.0, 0.0);
            for seed in 0..120 {
                let evidence = evidence(seed, 3 + (seed % 6) as u32, constrained);
                let entities = CorrelationClustering::default().entities(&evidence).unwrap();
                let (here, optimum) = (total_log_odds(&evidence, &entities).unwrap(), optimum(&evidence));
                assert!(here <= optimum + 1e-9, "{seed}: {here} of {optimum}");
                exact += u32::from(here > optimum - 1e-9);
                regret += optimum - here;
                all += evidence.pairs.iter().map(|pair| pair.log_odds.max(0.0)).sum::<f64>();
            }
            assert!(exact >= 100 && regret < 0.01 * all, "{exact} of 120, {regret} of {all}");
        }
    }

    #[test]
    fn nothing_is_one_entity_without_pairs() {
        let entities = |evidence: &Evidence| CorrelationClustering::default().entities(evidence).unwrap();
        assert!(entities(&Evidence::new(0, vec![]).unwrap()).is_empty());
        assert_eq!(entities(&Evidence::new(3, vec![]).unwrap()), [0, 1, 2]);
        let linked = Evidence::new(3, vec![]).unwrap().with_must_links(vec![(0, 2)]).unwrap();
        assert_eq!(entities(&linked), [0, 1, 0]);
    }

    #[test]
    fn a_chain_is_cut_by_unseen_pairs() {
        let pairs: Vec<_> = (0..99).map(|a| ScoredPair { a, b: a + 1, log_odds: 1.0 }).collect();
        let evidence = Evidence::new(100, pairs).unwrap().with_unseen(-0.9).unwrap();
        let entities = CorrelationClustering::default().entities(&evidence).unwrap();
        assert!(entities.chunk_by(|a, b| a == b).all(|entity| entity.len() <= 3));
        let together = evidence.with_unseen(0.0).unwrap();
        assert_eq!(CorrelationClustering::default().entities(&together).unwrap(), [0; 100]);
    }
}
