//! Questions: which pairs to ask about next, so that answers teach most.

use std::collections::{BTreeMap, BTreeSet};

use rand::{RngExt, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use crate::log_odds::probability;

/// This share of the questions is drawn at random from strata of probability, which keeps probabilities honest where
/// the model is wrong but certain.
const RANDOM: f64 = 0.2;

/// This share goes to pairs that the model takes for matches, one kind of agreement after the other. Where a whole kind is
/// wrong, such as members of a household, all its pairs are certain, and nothing else would ever ask about one.
const CONFIRMED: f64 = 0.2;

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
    /// Which columns agree, are similar and differ.
    pub kind: u64,
}

/// What answers have told of the pairs of a kind that were taken for matches.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct KindAnswers {
    pub yes: usize,
    pub no: usize,
}

impl KindAnswers {
    /// How much a kind of so many open pairs wants to be asked about: less with each answer, unless it is a surprise.
    fn need(self, open: usize) -> f64 {
        open as f64 * (1.0 + self.no as f64) / (1.0 + (self.yes + self.no) as f64)
    }
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

/// Up to `count` of the open pairs. A fifth at random from strata of probability; a fifth to confirm kinds of agreement that
/// are taken for matches, those first of which most pairs are and least is known; three tenths where the models differ most (query by committee: Seung, Opper and Sompolinsky 1992); the rest closest to even odds (uncertainty sampling:
/// Lewis and Gale 1994). No row is asked about twice in a round unless there are too few.
pub(super) fn choose(open: &[OpenPair], answers: &BTreeMap<u64, KindAnswers>, count: usize, seed: u64) -> Vec<usize> {
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
    let confirmed = CONFIRMED * count as f64;
    let confirmed = confirmed as usize + usize::from(rng.random::<f64>() < confirmed.fract());
    confirm(&mut round, answers.clone(), confirmed, &mut rng);
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

/// Takes so many pairs that are taken for matches, each of the kind that wants it most.
fn confirm(round: &mut Round<'_>, mut answers: BTreeMap<u64, KindAnswers>, most: usize, rng: &mut Xoshiro256PlusPlus) {
    let mut kinds: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (at, pair) in round.open.iter().enumerate().filter(|(_, pair)| pair.log_odds > 0.0) {
        kinds.entry(pair.kind).or_default().push(at);
    }
    for _ in 0..most {
        let need = |kind: &u64, open: &Vec<usize>| answers.get(kind).copied().unwrap_or_default().need(open.len());
        let Some((&kind, open)) = kinds.iter().max_by(|a, b| need(a.0, a.1).total_cmp(&need(b.0, b.1))) else { return };
        round.take(&[open[rng.random_range(0..open.len())]], 1, true);
        answers.entry(kind).or_default().yes += 1;
    }
}

/// Positions by an ascending value, those of equal ones in their order.
fn ascending(open: &[OpenPair], value: impl FnMut(&OpenPair) -> f64) -> Vec<usize> {
    let values: Vec<f64> = open.iter().map(value).collect();
    let mut order: Vec<usize> = (0..open.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_are_taken_for_matches_are_asked_about_until_they_are_known() {
        // Kind 1: 300 certain pairs; kind 2: 200 certain ones; kind 3: 50 doubtful ones.
        let of_kind = |kind: u64, pairs: u32, log_odds: f64| {
            (0..pairs).map(move |nth| {
                let row = kind as u32 * 10_000 + 2 * nth;
                OpenPair { pair: row as usize, rows: (row, row + 1), log_odds, disagreement: 0.0, kind }
            })
        };
        let open: Vec<OpenPair> =
            of_kind(1, 300, 9.0).chain(of_kind(2, 200, 9.0)).chain(of_kind(3, 50, -0.1)).collect();
        let kinds = |answers: &BTreeMap<u64, KindAnswers>, seed: u64| {
            let chosen = choose(&open, answers, 10, seed);
            let mut counts = BTreeMap::new();
            chosen.into_iter().for_each(|pair| *counts.entry(pair / 10_000).or_insert(0) += 1);
            counts
        };
        let first = kinds(&BTreeMap::new(), 1);
        assert!(first[&1] == 1 && first[&2] == 1 && first[&3] == 8, "{first:?}");
        // Kind 2 was a surprise, so that it is asked about again; kind 1 is known by now.
        let told = BTreeMap::from([(1, KindAnswers { yes: 5, no: 0 }), (2, KindAnswers { yes: 0, no: 1 })]);
        let then = kinds(&told, 2);
        assert!(!then.contains_key(&1) && then[&2] == 2, "{then:?}");
    }
}
