//! Questions: which pairs to ask about next, so that answers teach most.

use std::collections::BTreeSet;

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::log_odds::probability;

/// This share of the questions is drawn at random from strata of probability, which keeps probabilities honest where
/// the model is wrong but certain.
const RANDOM: f64 = 0.2;

/// This share goes to where the models differ most.
const DISAGREEMENT: f64 = 0.3;

/// The strata of probability.
const STRATA: [(f64, f64); 4] = [(0.02, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 0.98)];

/// Decides between pairs of the same disagreement: the more uncertain one first.
const UNCERTAINTY_TIE: f64 = 1e-3;

/// Noise on log-odds, so that a round does not ask about pairs that are all alike.
const NOISE: f64 = 0.3;

/// A pair that may be asked about.
#[derive(Debug, Clone, Copy)]
pub(super) struct OpenPair {
    pub pair: usize,
    pub rows: (u32, u32),
    pub log_odds: f64,
    pub disagreement: f64,
}

/// The questions chosen so far.
struct Round<'a> {
    open: &'a [OpenPair],
    asked: Vec<bool>,
    rows: BTreeSet<u32>,
    chosen: Vec<usize>,
}

impl Round<'_> {
    /// Takes up to so many open pairs in an order; with `apart`, only of rows that no other question is about.
    fn take(&mut self, order: &[usize], most: usize, apart: bool) {
        let mut left = most;
        for &at in order {
            if left == 0 {
                return;
            }
            let OpenPair { pair, rows: (a, b), .. } = self.open[at];
            if self.asked[at] || (apart && (self.rows.contains(&a) || self.rows.contains(&b))) {
                continue;
            }
            self.asked[at] = true;
            self.rows.extend([a, b]);
            self.chosen.push(pair);
            left -= 1;
        }
    }
}

/// Up to `count` of the open pairs. A fifth at random from strata of probability; three tenths where the models differ
/// most (query by committee: Seung, Opper and Sompolinsky 1992); the rest closest to even odds (uncertainty sampling:
/// Lewis and Gale 1994). No row is asked about twice in a round unless there are too few.
pub(super) fn choose(open: &[OpenPair], count: usize, seed: u64) -> Vec<usize> {
    let count = count.min(open.len());
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut round = Round { open, asked: vec![false; open.len()], rows: BTreeSet::new(), chosen: Vec::new() };
    let part = |share: f64| (share * count as f64).round() as usize;
    for _ in 0..part(RANDOM) {
        let (low, high) = STRATA[rng.random_range(0..STRATA.len())];
        let within = |&at: &usize| {
            let p = probability(open[at].log_odds);
            !round.asked[at] && p >= low && p < high
        };
        let stratum: Vec<usize> = (0..open.len()).filter(within).collect();
        if !stratum.is_empty() {
            round.take(&[stratum[rng.random_range(0..stratum.len())]], 1, true);
        }
    }
    if open.iter().any(|pair| pair.disagreement > 0.0) {
        let of = |pair: &OpenPair| {
            let p = probability(pair.log_odds);
            -(pair.disagreement + UNCERTAINTY_TIE * p * (1.0 - p))
        };
        round.take(&ascending(open, of), part(DISAGREEMENT).min(count.saturating_sub(round.chosen.len())), true);
    }
    let noisy = ascending(open, |pair| pair.log_odds.abs() + NOISE * rng.random::<f64>());
    round.take(&noisy, count.saturating_sub(round.chosen.len()), true);
    round.take(&ascending(open, |pair| pair.log_odds.abs()), count.saturating_sub(round.chosen.len()), false);
    round.chosen.truncate(count);
    round.chosen
}

/// Positions by an ascending value, those of equal ones in their order.
fn ascending(open: &[OpenPair], value: impl FnMut(&OpenPair) -> f64) -> Vec<usize> {
    let values: Vec<f64> = open.iter().map(value).collect();
    let mut order: Vec<usize> = (0..open.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    order
}
