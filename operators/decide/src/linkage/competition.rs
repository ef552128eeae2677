//! Competition: a record has few duplicates, so that of its many similar neighbours only the best should count as
//! matches.

use rayon::prelude::*;

use crate::entities::{Clustering, CorrelationClustering, Evidence, ScoredPair};
use crate::error::Result;

/// Log-odds are clipped to this before their exponentials are added up.
const CLIP: f64 = 50.0;

/// Log-odds are clipped to this before clustering, so that no single pair decides on a whole cluster.
const CLUSTERING_CLIP: f64 = 8.0;

/// The odds of log-odds, without overflow.
fn odds(log_odds: f64) -> f64 {
    log_odds.clamp(-CLIP, CLIP).exp()
}

/// The share of each pair in the competition of its two rows, in (0, 1]: `(1 + odds) / (1 + sum of the odds of all
/// pairs of the row)` in the worse row. It is the factor by which at most one match per record (as in one-to-one
/// assignment, Jaro 1989) would lower the probability of the pair.
pub(super) fn shares(rows: usize, pairs: &[(u32, u32)], log_odds: &[f64]) -> Vec<f64> {
    let mut shares: Vec<f64> = log_odds.par_iter().with_min_len(4096).map(|&log_odds| odds(log_odds)).collect();
    // In the order of the pairs, so that the sums are the same on any number of threads.
    let mut totals = vec![0.0; rows];
    for (&(a, b), odds) in pairs.iter().zip(&shares) {
        totals[a as usize] += odds;
        totals[b as usize] += odds;
    }
    shares.par_iter_mut().zip(pairs).with_min_len(4096).for_each(|(share, &(a, b))| {
        *share = (1.0 + *share) / (1.0 + totals[a as usize].max(totals[b as usize]));
    });
    shares
}

/// How much a match of a row leaves room for further ones, in [0, 1]: how much more likely a row of an entity has a
/// second match than a row has a first one, after clustering by the log-odds. Near 0 for pairs of duplicates, where
/// records compete; 1 where many entities have three records or more.
pub(super) fn room_for_more(rows: usize, pairs: &[(u32, u32)], log_odds: &[f64]) -> Result<f64> {
    let mut active = vec![false; rows];
    for (&(a, b), _) in pairs.iter().zip(log_odds).filter(|(_, log_odds)| **log_odds > 0.0) {
        active[a as usize] = true;
        active[b as usize] = true;
    }
    // Rows without a likely match stay alone.
    let scored = pairs.iter().zip(log_odds).filter(|((a, b), _)| active[*a as usize] && active[*b as usize]);
    let scored = scored.map(|(&(a, b), log_odds)| ScoredPair {
        a,
        b,
        log_odds: log_odds.clamp(-CLUSTERING_CLIP, CLUSTERING_CLIP),
    });
    let evidence = Evidence::new(rows, scored.collect())?;
    // Merging alone is enough for two counts.
    let entities = CorrelationClustering::default().with_passes(0).entities(&evidence)?;
    let mut sizes = vec![0_u32; rows];
    entities.iter().for_each(|&entity| sizes[entity as usize] += 1);
    let rows_of = |least: u32| sizes.iter().filter(|&&size| size >= least).map(|&size| f64::from(size)).sum::<f64>();
    let (two, three) = (rows_of(2), rows_of(3));
    Ok(if two > 0.0 { (three / two / (two / rows as f64)).min(1.0) } else { 0.0 })
}
