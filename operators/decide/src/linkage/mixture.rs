//! Which pairs match, without any answer: a mixture of three classes of pairs, fitted by expectation maximisation.

use rayon::prelude::*;

use super::agreement::{AgreeingPairs, Agreement, Levels};
use super::comparison::{EQUAL, LEVELS, NO_LEVEL};
use super::competition::{room_for_more, shares};
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
    /// As the model of agreement sees them.
    pub seen: AgreeingPairs<'a>,
    pub random: &'a RandomAgreement,
    /// Whether a row has at most one match.
    pub one: bool,
}

/// The three classes: matches; random pairs; and related pairs, which are not the same but share more than by chance,
/// such as a household, a street or a city. Within a class, columns are independent (Fellegi and Sunter 1969; EM:
/// Winkler 1988). Only candidates are looked at one by one; all other pairs count as random.
///
/// The third class is what makes this work on real tables: with two, the "matches" of a table of restaurants are those
/// in the same street. Competition lets only the best pairs of a row teach what a match is.
#[derive(Debug)]
pub(super) struct Mixture {
    /// What agreement means.
    pub agreement: Agreement,
    /// By candidate: the log-odds of a match, without competition.
    pub log_odds: Vec<f64>,
    /// By candidate: the logarithm of what competition leaves of it.
    pub competition: Vec<f64>,
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
        let prior = state.agreement.related.clone();
        let mut related = vec![0.0; input.pairs.len()];
        for iteration in 0..ITERATIONS {
            state.agreement.expect(input.seen, &mut state.log_odds, &mut related);
            if !input.one && iteration >= ROOM_FROM && iteration % ROOM_EVERY == 0 {
                state.agreement.room = room_for_more(input.rows, input.pairs, &state.log_odds)?;
            }
            state.compete(input.rows, input.pairs);
            // The last iteration ends here, so that the log-odds are those of the parameters.
            if iteration + 1 == ITERATIONS {
                break;
            }
            state.maximise(input, &related, &prior);
            if state.agreement.related_share > 0.0 && iteration >= RELATED_FROM && state.related_is_like_a_match() {
                return Ok(None);
            }
        }
        Ok(Some(state))
    }

    fn start(input: &MixtureInput<'_>, with_related: bool) -> Self {
        let candidates = input.pairs.len();
        let none = vec![0.0; candidates];
        let random: Levels =
            (0..input.seen.columns).map(|column| input.random.probabilities(column, &none, 0.0)).collect();
        let mut weights = vec![0.0; input.seen.patterns.all().len()];
        input.seen.patterns.of_pair.iter().for_each(|&pattern| weights[pattern as usize] += 1.0);
        let seen = level_sums(input, &weights);
        let mix = |seen: &[f64; LEVELS], random: &[f64; LEVELS]| {
            normalised(std::array::from_fn(|level| seen[level] + RANDOM_PAIRS_IN_PRIOR * random[level]))
        };
        let related = seen.iter().zip(&random).map(|(seen, random)| mix(seen, random)).collect();
        let share = (candidates as f64 / input.allowed).min(SHARES.1);
        let agreement = Agreement {
            matches: vec![MATCH_PRIOR; input.seen.columns],
            random,
            related,
            match_share: (MATCHES_PER_ROW * input.rows as f64 / input.allowed).clamp(SHARES.0, SHARES.1),
            related_share: if with_related { share } else { 0.0 },
            room: 0.0,
        };
        Self { agreement, log_odds: none.clone(), competition: none }
    }

    /// What an agreement that was fitted before makes of pairs of other rows.
    pub(super) fn of(agreement: Agreement, seen: AgreeingPairs<'_>, rows: usize, pairs: &[(u32, u32)]) -> Self {
        let mut found = Self { agreement, log_odds: vec![0.0; pairs.len()], competition: vec![] };
        found.agreement.expect(seen, &mut found.log_odds, &mut vec![0.0; pairs.len()]);
        found.compete(rows, pairs);
        found
    }

    fn compete(&mut self, rows: usize, pairs: &[(u32, u32)]) {
        self.competition = shares(rows, pairs, &self.log_odds);
        self.agreement.left_by_competition(&mut self.competition);
    }

    fn maximise(&mut self, input: &MixtureInput<'_>, related: &[f64], prior: &Levels) {
        let of_pair = self.log_odds.par_iter().zip(&self.competition).with_min_len(4096);
        let matching: Vec<f64> = of_pair.map(|(&z, &left)| probability(z) * left.exp()).collect();
        let patterns = input.seen.patterns.all().len();
        let (mut matched, mut relations) = (vec![0.0; patterns], vec![0.0; patterns]);
        // In the order of the pairs, so that the sums are the same on any number of threads.
        for ((&pattern, &r), &related) in input.seen.patterns.of_pair.iter().zip(&matching).zip(related) {
            matched[pattern as usize] += r;
            relations[pattern as usize] += (1.0 - r) * related;
        }
        let share = |weights: &[f64]| (weights.iter().sum::<f64>() / input.allowed).clamp(SHARES.0, SHARES.1);
        self.agreement.match_share = share(&matched).max((LEAST_MATCHES / input.allowed).min(SHARES.1));
        let (by_match, by_related) = (level_sums(input, &matched), level_sums(input, &relations));
        let add = |sums: &[f64; LEVELS], pairs: f64, prior: &[f64; LEVELS]| {
            normalised(std::array::from_fn(|level| sums[level] + pairs * prior[level]))
        };
        for (column, sums) in by_match.iter().enumerate() {
            self.agreement.random[column] = input.random.probabilities(column, &matching, sums[usize::from(EQUAL)]);
            self.agreement.matches[column] =
                rising_above(&add(sums, MATCH_PRIOR_PAIRS, &MATCH_PRIOR), &self.agreement.random[column]);
        }
        if self.agreement.related_share > 0.0 {
            self.agreement.related_share = share(&relations);
            for (column, sums) in by_related.iter().enumerate() {
                let levels = add(sums, RELATED_PRIOR_PAIRS, &prior[column]);
                // Equality is never taken as evidence against a match.
                self.agreement.related[column] = falling_below(&levels, &self.agreement.matches[column]);
            }
        }
    }

    /// Whether a typical related pair would be called a match if there were no related class: then it has taken over
    /// matches, such as those with errors in tables where entities have many records.
    fn related_is_like_a_match(&self) -> bool {
        let expected = |column: usize| -> f64 {
            let ratio =
                |level: usize| (self.agreement.matches[column][level] / self.agreement.random[column][level]).ln();
            (0..LEVELS).map(|level| self.agreement.related[column][level] * ratio(level)).sum()
        };
        self.agreement.match_share.ln() + (0..self.agreement.matches.len()).map(expected).sum::<f64>() > 0.0
    }
}

/// By column: the weights of the patterns, added up by level.
fn level_sums(input: &MixtureInput<'_>, weights: &[f64]) -> Levels {
    let mut sums = vec![[0.0; LEVELS]; input.seen.columns];
    for (levels, weight) in input.seen.patterns.all().zip(weights) {
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
