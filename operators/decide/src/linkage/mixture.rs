//! Which pairs match, without any answer: a mixture of three classes of pairs, fitted by expectation maximisation.

use rayon::prelude::*;

use super::comparison::{EQUAL, LEVELS, NO_LEVEL};
use super::competition::{room_for_more, shares};
use super::level_patterns::LevelPatterns;
use super::monotone_ratio::{falling_below, rising_above};
use super::random_agreement::RandomAgreement;
use crate::error::Result;
use crate::log_odds::probability;

/// How matches are distributed over the levels before anything is known, and as a prior afterwards.
const MATCH_PRIOR: [f64; LEVELS] = [0.04, 0.03, 0.03, 0.05, 0.10, 0.75];

/// The prior of matches weighs as much as so many pairs.
const MATCH_PRIOR_PAIRS: f64 = 5.0;

/// The prior of related pairs, the levels of all candidates, weighs as much as so many pairs.
const RELATED_PRIOR_PAIRS: f64 = 50.0;

/// Random agreement counts in that prior like so many pairs, so that no level is impossible.
const RANDOM_PAIRS_IN_PRIOR: f64 = 5.0;

/// So many matches per row to start with.
const MATCHES_PER_ROW: f64 = 0.5;

/// The most share of a class of pairs, and the least.
const SHARES: (f64, f64) = (1e-12, 0.5);

/// So many matches are expected at least. In a table of a few rows, or without duplicates, the share of matches would
/// else collapse, and no pair could ever be likely.
const LEAST_MATCHES: f64 = 0.5;

/// Random pairs are at least this share of all pairs, which matters in tables of a few rows only.
const LEAST_RANDOM: f64 = 0.01;

const ITERATIONS: usize = 45;

/// From this iteration on, and then each third one, the room for more matches is estimated anew.
const ROOM_FROM: usize = 12;
const ROOM_EVERY: usize = 3;

/// From this iteration on, a related class that is like a match is given up.
const RELATED_FROM: usize = 8;

/// What the mixture is fitted to.
pub(super) struct MixtureInput<'a> {
    pub rows: usize,
    pub pairs: &'a [(u32, u32)],
    /// The allowed pairs, of which candidates are a few.
    pub allowed: f64,
    /// By column the level, and at last the position of what is fixed in `fixed`.
    pub patterns: &'a LevelPatterns,
    pub columns: usize,
    /// Log-odds of pairs that are not estimated, by the last number of their pattern.
    pub fixed: &'a [f64],
    /// By pair: how rare the values are that it shares.
    pub rarity: &'a [f64],
    pub random: &'a RandomAgreement,
    /// Whether a row has at most one match.
    pub one: bool,
}

/// Probabilities of the levels of each column, by class.
type Levels = Vec<[f64; LEVELS]>;

/// The three classes: matches; random pairs; and related pairs, which are not the same but share more than by chance,
/// such as a household, a street or a city. Within a class, columns are independent (Fellegi and Sunter 1969; EM:
/// Winkler 1988). Only candidates are looked at one by one; all other pairs count as random.
///
/// The third class is what makes this work on real tables: with two, the "matches" of a table of restaurants are those
/// in the same street. Competition lets only the best pairs of a row teach what a match is.
#[derive(Debug)]
pub(super) struct Mixture {
    matches: Levels,
    random: Levels,
    related: Levels,
    match_share: f64,
    /// 0 once the related class is given up.
    related_share: f64,
    room: f64,
    /// By candidate: the log-odds of a match, without competition.
    pub log_odds: Vec<f64>,
    /// By candidate: the logarithm of what competition leaves of it.
    pub competition: Vec<f64>,
}

/// What each pattern adds to the log-likelihood of each class.
struct PatternLikelihood {
    matching: f64,
    random: f64,
    related: f64,
}

impl Mixture {
    /// Fits the mixture; without the related class if that takes over the matches.
    pub(super) fn fit(input: &MixtureInput<'_>) -> Result<Self> {
        match Self::fit_classes(input, true)? {
            Some(found) => Ok(found),
            None => Ok(Self::fit_classes(input, false)?.unwrap_or_else(|| Self::start(input, false))),
        }
    }

    /// Nothing if the related class is like a match.
    fn fit_classes(input: &MixtureInput<'_>, with_related: bool) -> Result<Option<Self>> {
        let mut state = Self::start(input, with_related);
        let prior = state.related.clone();
        let mut related = Vec::new();
        for iteration in 0..ITERATIONS {
            state.expect(input, &mut related);
            if !input.one && iteration >= ROOM_FROM && iteration % ROOM_EVERY == 0 {
                state.room = room_for_more(input.rows, input.pairs, &state.log_odds)?;
            }
            state.compete(input);
            // The last iteration ends here, so that the log-odds are those of the parameters.
            if iteration + 1 == ITERATIONS {
                break;
            }
            state.maximise(input, &related, &prior);
            if state.related_share > 0.0 && iteration >= RELATED_FROM && state.related_is_like_a_match() {
                return Ok(None);
            }
        }
        Ok(Some(state))
    }

    fn start(input: &MixtureInput<'_>, with_related: bool) -> Self {
        let candidates = input.pairs.len();
        let none = vec![0.0; candidates];
        let random: Levels = (0..input.columns).map(|column| input.random.probabilities(column, &none, 0.0)).collect();
        let mut weights = vec![0.0; input.patterns.all().len()];
        input.patterns.of_pair.iter().for_each(|&pattern| weights[pattern as usize] += 1.0);
        let seen = level_sums(input, &weights);
        let mix = |seen: &[f64; LEVELS], random: &[f64; LEVELS]| {
            normalised(std::array::from_fn(|level| seen[level] + RANDOM_PAIRS_IN_PRIOR * random[level]))
        };
        let related = seen.iter().zip(&random).map(|(seen, random)| mix(seen, random)).collect();
        let share = (candidates as f64 / input.allowed).min(SHARES.1);
        Self {
            matches: vec![MATCH_PRIOR; input.columns],
            random,
            related,
            match_share: (MATCHES_PER_ROW * input.rows as f64 / input.allowed).clamp(SHARES.0, SHARES.1),
            related_share: if with_related { share } else { 0.0 },
            room: 0.0,
            log_odds: none.clone(),
            competition: none,
        }
    }

    /// The logarithm of the share of random pairs.
    fn log_random_share(&self) -> f64 {
        (1.0 - self.match_share - self.related_share).max(LEAST_RANDOM).ln()
    }

    fn likelihoods(&self, input: &MixtureInput<'_>) -> Vec<PatternLikelihood> {
        let rest = self.log_random_share();
        let of = |levels: &[u8]| {
            let fixed = input.fixed[usize::from(levels[input.columns])];
            let mut found = PatternLikelihood { matching: fixed, random: rest, related: self.related_share.ln() };
            for (column, &level) in levels[..input.columns].iter().enumerate().filter(|(_, level)| **level != NO_LEVEL)
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
        input.patterns.all().map(of).collect()
    }

    /// The log-odds of each pair, and the probability of being related if it does not match.
    fn expect(&mut self, input: &MixtureInput<'_>, related: &mut Vec<f64>) {
        let likelihoods = self.likelihoods(input);
        let share = self.match_share.ln();
        related.resize(input.pairs.len(), 0.0);
        let of_pair = self.log_odds.par_iter_mut().zip(related.par_iter_mut()).zip(&input.patterns.of_pair);
        of_pair.zip(input.rarity).with_min_len(4096).for_each(|(((log_odds, related), &pattern), &rarity)| {
            let PatternLikelihood { matching, random, related: of_related } = likelihoods[pattern as usize];
            let others = log_sum(random, of_related + rarity);
            *log_odds = share + matching + rarity - others;
            *related = (of_related + rarity - others).exp();
        });
    }

    fn compete(&mut self, input: &MixtureInput<'_>) {
        self.competition = shares(input.rows, input.pairs, &self.log_odds);
        let room = self.room;
        let left = |share: &mut f64| *share = (room + (1.0 - room) * *share).ln();
        self.competition.par_iter_mut().with_min_len(4096).for_each(left);
    }

    fn maximise(&mut self, input: &MixtureInput<'_>, related: &[f64], prior: &Levels) {
        let of_pair = self.log_odds.par_iter().zip(&self.competition).with_min_len(4096);
        let matching: Vec<f64> = of_pair.map(|(&z, &left)| probability(z) * left.exp()).collect();
        let patterns = input.patterns.all().len();
        let (mut matched, mut relations) = (vec![0.0; patterns], vec![0.0; patterns]);
        // In the order of the pairs, so that the sums are the same on any number of threads.
        for ((&pattern, &r), &related) in input.patterns.of_pair.iter().zip(&matching).zip(related) {
            matched[pattern as usize] += r;
            relations[pattern as usize] += (1.0 - r) * related;
        }
        let share = |weights: &[f64]| (weights.iter().sum::<f64>() / input.allowed).clamp(SHARES.0, SHARES.1);
        self.match_share = share(&matched).max((LEAST_MATCHES / input.allowed).min(SHARES.1));
        let (by_match, by_related) = (level_sums(input, &matched), level_sums(input, &relations));
        let add = |sums: &[f64; LEVELS], pairs: f64, prior: &[f64; LEVELS]| {
            normalised(std::array::from_fn(|level| sums[level] + pairs * prior[level]))
        };
        for (column, sums) in by_match.iter().enumerate() {
            self.random[column] = input.random.probabilities(column, &matching, sums[usize::from(EQUAL)]);
            self.matches[column] = rising_above(&add(sums, MATCH_PRIOR_PAIRS, &MATCH_PRIOR), &self.random[column]);
        }
        if self.related_share > 0.0 {
            self.related_share = share(&relations);
            for (column, sums) in by_related.iter().enumerate() {
                let levels = add(sums, RELATED_PRIOR_PAIRS, &prior[column]);
                // Equality is never taken as evidence against a match.
                self.related[column] = falling_below(&levels, &self.matches[column]);
            }
        }
    }

    /// Whether a typical related pair would be called a match if there were no related class: then it has taken over
    /// matches, such as those with errors in tables where entities have many records.
    fn related_is_like_a_match(&self) -> bool {
        let expected = |column: usize| -> f64 {
            let ratio = |level: usize| (self.matches[column][level] / self.random[column][level]).ln();
            (0..LEVELS).map(|level| self.related[column][level] * ratio(level)).sum()
        };
        self.match_share.ln() + (0..self.matches.len()).map(expected).sum::<f64>() > 0.0
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

/// By column: the weights of the patterns, added up by level.
fn level_sums(input: &MixtureInput<'_>, weights: &[f64]) -> Levels {
    let mut sums = vec![[0.0; LEVELS]; input.columns];
    for (levels, weight) in input.patterns.all().zip(weights) {
        for (sums, &level) in sums.iter_mut().zip(levels).filter(|(_, level)| **level != NO_LEVEL) {
            sums[usize::from(level)] += weight;
        }
    }
    sums
}

fn normalised(levels: [f64; LEVELS]) -> [f64; LEVELS] {
    let sum: f64 = levels.iter().sum();
    levels.map(|level| level / sum)
}

/// `ln(exp(a) + exp(b))` for a finite `a`.
fn log_sum(a: f64, b: f64) -> f64 {
    a.max(b) + (-(a - b).abs()).exp().ln_1p()
}
