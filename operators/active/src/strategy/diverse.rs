//! Diverse batch: pairs that are uncertain and unlike each other.

use rand::RngExt;
use rayon::prelude::*;
use relata_data::seed::Purpose;
use relata_graph::neighbour_graph::NeighbourGraph;

use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use super::batch_selection::{ScoredPair, ranked};
use super::candidate_pool::CandidatePool;
use super::candidate_queries;
use super::query_context::QueryContext;
use super::query_strategy::{Query, Strategy};
use super::unqueried_pairs::unqueried_pairs;

/// Neighbours that a row is compared with.
const NEIGHBOURS: usize = 5;
/// Pairs that are chosen from.
const PAIRS: usize = 8_192;

/// See [`diverse`].
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub struct Diverse;

/// A batch of pairs that is drawn by k-means++ (Arthur and Vassilvitskii 2007) over a gradient-like feature of each
/// pair, as BADGE does for labels (Ash, Zhang, Krishnamurthy, Langford and Agarwal 2020): |x - y| for embeddings x and
/// y, scaled by min(p, 1 - p) for the predicted probability p. A pair of a certain relation is near 0 and hardly drawn,
/// and two pairs that would teach the same are near each other.
///
/// ```
/// use relata_active::query_loop::StrategyExt;
/// use relata_active::strategy::{Strategy, diverse};
///
/// assert_eq!(diverse().describe().to_string(), "diverse");
/// let config = diverse().budget(300.0).per_round(50);
/// # config.check().unwrap();
/// ```
pub fn diverse() -> Diverse {
    Diverse
}

impl Settings for Diverse {
    const NAME: &'static str = "diverse";
    const SUMMARY: &'static str = "pairs that are uncertain and unlike each other (as BADGE)";
}

impl Strategy for Diverse {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn propose(&self, context: &QueryContext<'_>, pairs: usize) -> Vec<Query> {
        let mut scored = match context.candidates {
            Some(all) => candidate_queries::scored(all, context, PAIRS, |_, _, probability| uncertainty(probability)),
            None => drawn_pairs(context),
        };
        let mut rng = Purpose::DiverseSamples.stream(context.seed, &[context.round.into()]);
        if scored.len() > PAIRS {
            let chosen = rand::seq::index::sample(&mut rng, scored.len(), PAIRS);
            scored = chosen.into_iter().map(|at| scored[at]).collect();
        }
        let features: Vec<f32> = scored.iter().flat_map(|pair| feature(context, pair)).collect();
        let norms = features.chunks_exact(context.width).map(|feature| feature.iter().map(|x| x * x).sum());
        // How far each pair is from those chosen; at first, from certainty.
        let mut distances: Vec<f32> = norms.collect();
        let mut chosen = Vec::new();
        while chosen.len() < pairs.min(scored.len()) {
            let total: f64 = distances.iter().map(|&distance| f64::from(distance.max(0.0))).sum();
            let next = match (chosen.is_empty(), total > 0.0) {
                (false, true) => drawn(&distances, rng.random_range(0.0..total)),
                _ => farthest(&distances),
            };
            let Some(next) = next else { break };
            chosen.push((scored[next].anchor, vec![scored[next].candidate]));
            let centre = &features[next * context.width..][..context.width];
            distances.par_iter_mut().zip(features.par_chunks(context.width)).with_min_len(512).for_each(
                |(distance, feature)| {
                    let to: f32 = feature.iter().zip(centre).map(|(x, y)| (x - y) * (x - y)).sum();
                    *distance = distance.min(to);
                },
            );
            distances[next] = f32::NEG_INFINITY;
        }
        ranked(chosen)
    }
}

/// Pairs of rows that are drawn, with components and with each other.
fn drawn_pairs(context: &QueryContext<'_>) -> Vec<ScoredPair> {
    let pool = CandidatePool::draw(context);
    let neighbours = NeighbourGraph::of(&pool.vectors, pool.width, NEIGHBOURS);
    let mut scored = pool.against_components(context, PAIRS, |_, _, probability| uncertainty(probability));
    scored.extend(unqueried_pairs(context, &pool, Some(&neighbours), uncertainty));
    scored
}

fn uncertainty(probability: f32) -> f32 {
    probability.min(1.0 - probability)
}

fn feature(context: &QueryContext<'_>, pair: &ScoredPair) -> Vec<f32> {
    let (x, y) = (context.embedding(pair.anchor), context.embedding(pair.candidate));
    x.iter().zip(y).map(|(x, y)| pair.score * (x - y).abs()).collect()
}

/// The pair at which the running sum of the distances passes `at`.
fn drawn(distances: &[f32], mut at: f64) -> Option<usize> {
    let passed = |&distance: &f32| {
        at -= f64::from(distance.max(0.0));
        at < 0.0
    };
    distances.iter().position(passed).or_else(|| farthest(distances))
}

/// The farthest pair that was not chosen.
fn farthest(distances: &[f32]) -> Option<usize> {
    let free = (0..distances.len()).filter(|&at| distances[at] >= 0.0);
    free.reduce(|best, at| if distances[at] > distances[best] { at } else { best })
}

#[cfg(test)]
mod tests {
    use relata_data::index::TrainingRow;

    use super::super::fixture::{World, check};
    use super::*;

    #[test]
    fn keeps_the_rules() {
        check(&diverse());
    }

    #[test]
    fn draws_in_proportion_to_the_squared_distance() {
        let distances = [1.0, f32::NEG_INFINITY, 0.0, 3.0];
        assert_eq!(drawn(&distances, 0.99), Some(0));
        assert_eq!(drawn(&distances, 1.01), Some(3));
        assert_eq!(drawn(&distances, 4.0), Some(3));
        assert_eq!(farthest(&[f32::NEG_INFINITY]), None);
    }

    #[test]
    fn a_batch_is_spread_out_more_than_a_random_one() {
        let world = World::blobs(6, 30, 8, 0.3, 2);
        let context = world.context(1);
        let spread = |pairs: Vec<(TrainingRow, TrainingRow)>| {
            let pair = |&(anchor, candidate): &(TrainingRow, TrainingRow)| {
                let probability = context.calibration.probability(context.similarity(anchor, candidate));
                ScoredPair { anchor, candidate, score: uncertainty(probability), probability }
            };
            let features: Vec<_> = pairs.iter().map(|ends| feature(&context, &pair(ends))).collect();
            let nearest = |at: usize| {
                let others = (0..features.len()).filter(|&other| other != at);
                let to = |other: usize| features[at].iter().zip(&features[other]).map(|(x, y)| (x - y).powi(2)).sum();
                others.map(to).fold(f32::INFINITY, f32::min).sqrt()
            };
            (0..features.len()).map(nearest).sum::<f32>()
        };
        let rows = |strategy: &dyn Strategy| {
            strategy.propose(&context, 30).iter().map(|p| (p.anchor, p.candidates[0])).collect::<Vec<_>>()
        };
        let (diverse, random) = (spread(rows(&diverse())), spread(rows(&super::super::random_pairs())));
        assert!(diverse > 1.3 * random, "{diverse} {random}");
    }
}
