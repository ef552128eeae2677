//! Agreement of records: how often each level of each column occurs among matches, related pairs and random pairs.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::comparison::{EQUAL, LEVELS, NO_LEVEL};
use super::level_patterns::LevelPatterns;

/// Random pairs are at least this share of all pairs, which matters in tables of a few rows only.
const LEAST_RANDOM: f64 = 0.01;

/// Probabilities of the levels of each column, by class.
pub(super) type Levels = Vec<[f64; LEVELS]>;

/// The parameters of a mixture of three classes of pairs: matches; random pairs; and related pairs, which are not the
/// same but share more than by chance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Agreement {
    pub matches: Levels,
    pub random: Levels,
    pub related: Levels,
    pub match_share: f64,
    /// 0 once the related class is given up.
    pub related_share: f64,
    /// How much a match of a row leaves room for further ones.
    pub room: f64,
}

/// Pairs as a model of agreement sees them.
#[derive(Clone, Copy)]
pub(super) struct AgreeingPairs<'a> {
    /// By column the level, and at last the position of what is fixed in `fixed`.
    pub patterns: &'a LevelPatterns,
    pub columns: usize,
    /// Log-odds of pairs that are not estimated, by the last number of their pattern.
    pub fixed: &'a [f64],
    /// By pair: how rare the values are that it shares.
    pub rarity: &'a [f64],
}

/// What each pattern adds to the log-likelihood of each class.
struct PatternLikelihood {
    matching: f64,
    random: f64,
    related: f64,
}

impl Agreement {
    /// The logarithm of the share of random pairs.
    fn log_random_share(&self) -> f64 {
        (1.0 - self.match_share - self.related_share).max(LEAST_RANDOM).ln()
    }

    fn likelihoods(&self, pairs: AgreeingPairs<'_>) -> Vec<PatternLikelihood> {
        let rest = self.log_random_share();
        let of = |levels: &[u8]| {
            let fixed = pairs.fixed[usize::from(levels[pairs.columns])];
            let mut found = PatternLikelihood { matching: fixed, random: rest, related: self.related_share.ln() };
            for (column, &level) in levels[..pairs.columns].iter().enumerate().filter(|(_, level)| **level != NO_LEVEL)
            {
                let at = usize::from(level);
                // With the rarity of the shared value this is the chance that both have just this value.
                let specific = if level == EQUAL { self.random[column][at].ln() } else { 0.0 };
                found.matching += self.matches[column][at].ln() + specific;
                found.random += self.random[column][at].ln();
                found.related += self.related[column][at].ln() + specific;
            }
            found
        };
        pairs.patterns.all().map(of).collect()
    }

    /// The log-odds of each pair, and the probability of being related if it does not match.
    pub(super) fn expect(&self, pairs: AgreeingPairs<'_>, log_odds: &mut [f64], related: &mut [f64]) {
        let likelihoods = self.likelihoods(pairs);
        let share = self.match_share.ln();
        let of_pair = log_odds.par_iter_mut().zip(related.par_iter_mut()).zip(&pairs.patterns.of_pair);
        of_pair.zip(pairs.rarity).with_min_len(4096).for_each(|(((log_odds, related), &pattern), &rarity)| {
            let PatternLikelihood { matching, random, related: of_related } = likelihoods[pattern as usize];
            let others = log_sum(random, of_related + rarity);
            *log_odds = share + matching + rarity - others;
            *related = (of_related + rarity - others).exp();
        });
    }

    /// The logarithm of what competition leaves of each pair, from its share in it.
    pub(super) fn left_by_competition(&self, shares: &mut [f64]) {
        let room = self.room;
        let left = |share: &mut f64| *share = (room + (1.0 - room) * *share).ln();
        shares.par_iter_mut().with_min_len(4096).for_each(left);
    }

    /// The weight of a level in a column: `ln(m / u)`. For equal values it is `ln m`, to which their rarity is to be
    /// added: together they compare with the chance that two random records have just this value.
    pub(super) fn weight(&self, column: usize, level: u8) -> f64 {
        let at = usize::from(level);
        match level {
            NO_LEVEL => 0.0,
            EQUAL => self.matches[column][at].ln(),
            _ => (self.matches[column][at] / self.random[column][at]).ln(),
        }
    }

    /// The log-odds of a match before any column is looked at: matches against random pairs.
    pub(super) fn prior(&self) -> f64 {
        self.match_share.ln() - self.log_random_share()
    }
}

/// `ln(exp(a) + exp(b))` for a finite `a`.
fn log_sum(a: f64, b: f64) -> f64 {
    a.max(b) + (-(a - b).abs()).exp().ln_1p()
}
