//! The evidence for a match before any answer, pair by pair and term by term.

use rayon::prelude::*;

use super::agreement::{AgreeingPairs, Agreement};
use super::allowed_pairs::AllowedPairs;
use super::compared_pairs::ComparedColumn;
use super::comparison::{EQUAL, NO_LEVEL};
use super::cosine_evidence::by_cosine;
use super::input::LinkageInput;
use super::level_patterns::LevelPatterns;
use super::mixture::{Mixture, MixtureInput};
use super::random_agreement::RandomAgreement;
use super::swaps::{SWAP_LOG_ODDS, Swaps};
use super::term_frequency::rarity;
use super::value_column::{ValueColumn, Words};
use crate::error::Result;

/// What rules out a pair of rows of one source, if an entity has at most one row of each.
const SAME_SOURCE_LOG_ODDS: f64 = -40.0;

/// Values of at least this level are similar.
const SIMILAR: u8 = 3;

/// By the last number of a pattern: neither; swapped values; one source; both.
const FIXED: [f64; 4] = [0.0, SWAP_LOG_ODDS, SAME_SOURCE_LOG_ODDS, SWAP_LOG_ODDS + SAME_SOURCE_LOG_ODDS];

/// The evidence for a match.
#[derive(Debug)]
pub(super) enum Evidence {
    /// By columns.
    Columns {
        /// How many rows there are.
        rows: usize,
        /// The model of agreement.
        mixture: Mixture,
        /// By pair: the level of each column, and at last a position in `FIXED`.
        patterns: LevelPatterns,
    },
    /// By cosine, where no column says anything.
    Cosine {
        /// How many rows there are.
        rows: usize,
        /// By pair.
        log_odds: Vec<f64>,
    },
}

impl Evidence {
    /// Fits the model of agreement to all pairs.
    pub(super) fn fit(
        input: &LinkageInput<'_>,
        rows: usize,
        (columns, words): (&[ValueColumn], &Words),
        compared: &[ComparedColumn],
        swaps: &Swaps,
    ) -> Result<Self> {
        let within = |&(a, b): &(u32, u32)| input.sources.is_some_and(|of| of[a as usize] == of[b as usize]);
        if columns.is_empty() || input.pairs.is_empty() {
            let penalty =
                |pair: &(u32, u32)| if input.one_per_source && within(pair) { SAME_SOURCE_LOG_ODDS } else { 0.0 };
            let log_odds =
                input.pairs.iter().zip(input.cosine).map(|(pair, &cosine)| by_cosine(cosine) + penalty(pair));
            return Ok(Self::Cosine { rows, log_odds: log_odds.collect() });
        }
        // Where no candidate is of one source, none could be.
        let across = input.one_per_source || !input.pairs.iter().any(within);
        let allowed = AllowedPairs { rows, across: input.sources.filter(|_| across) };
        let random = allowed.sample(input.seed);
        let random = RandomAgreement::new(columns, words, &allowed, &random, input.pairs);
        let same_source = |pair: &(u32, u32)| input.one_per_source && within(pair);
        let seen = SeenPairs::new(input.pairs, columns, compared, swaps, same_source);
        let mixture = Mixture::fit(&MixtureInput {
            rows,
            pairs: input.pairs,
            allowed: allowed.count().max(1.0),
            seen: seen.agreeing(columns.len()),
            random: &random,
            one: input.one_per_source && input.sources.is_some(),
        })?;
        Ok(Self::Columns { rows, mixture, patterns: seen.patterns })
    }

    /// What an agreement that was fitted before says of pairs of other rows.
    pub(super) fn by(
        agreement: Agreement,
        (rows, pairs): (usize, &[(u32, u32)]),
        columns: &[ValueColumn],
        compared: &[ComparedColumn],
        swaps: &Swaps,
    ) -> Self {
        let seen = SeenPairs::new(pairs, columns, compared, swaps, |_| false);
        let mixture = Mixture::of(agreement, seen.agreeing(columns.len()), rows, pairs);
        Self::Columns { rows, mixture, patterns: seen.patterns }
    }

    /// By cosine, where no column says anything.
    pub(super) fn by_cosine(rows: usize, cosine: &[f32]) -> Self {
        Self::Cosine { rows, log_odds: cosine.iter().map(|&cosine| by_cosine(cosine)).collect() }
    }

    /// What agreement means, where columns say something.
    pub(super) fn agreement(&self) -> Option<&Agreement> {
        match self {
            Self::Columns { mixture, .. } => Some(&mixture.agreement),
            Self::Cosine { .. } => None,
        }
    }

    /// How many rows there are.
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Columns { rows, .. } | Self::Cosine { rows, .. } => *rows,
        }
    }

    /// By pair: the log-odds of a match, without competition.
    pub(super) fn log_odds(&self) -> &[f64] {
        match self {
            Self::Columns { mixture, .. } => &mixture.log_odds,
            Self::Cosine { log_odds, .. } => log_odds,
        }
    }

    /// The log-odds of a match of a pair, with competition.
    pub(super) fn total(&self, pair: usize) -> f64 {
        match self {
            Self::Columns { mixture, .. } => mixture.log_odds[pair] + mixture.competition[pair],
            Self::Cosine { log_odds, .. } => log_odds[pair],
        }
    }

    /// What a column adds to the log-odds of a pair: `ln(m / u)` of its level and the rarity of a shared value.
    pub(super) fn weight(&self, at: usize, pair: usize, column: &ValueColumn, (a, _): (u32, u32)) -> f64 {
        match self {
            Self::Columns { mixture, patterns, .. } => {
                let level = patterns.of(pair)[at];
                mixture.agreement.weight(at, level) + rarity(column, a, level)
            }
            Self::Cosine { .. } => 0.0,
        }
    }

    /// Which columns of a pair agree, are similar, differ and miss a value, as a number; 0 where there are none.
    pub(super) fn kind(&self, pair: usize) -> u64 {
        let Self::Columns { patterns, .. } = self else { return 0 };
        let of_level = |level: u8| match level {
            NO_LEVEL => 3,
            EQUAL => 2,
            level if level >= SIMILAR => 1,
            _ => 0,
        };
        let levels = patterns.of(pair);
        levels[..levels.len() - 1]
            .iter()
            .fold(0, |kind: u64, &level| kind.wrapping_mul(4).wrapping_add(of_level(level)))
    }

    /// The names of all terms that a pair may have.
    pub(super) fn term_names<'a>(&self, columns: &'a [ValueColumn]) -> Vec<&'a str> {
        let Self::Columns { patterns, .. } = self else { return vec!["cosine"] };
        let has = |bit: usize| patterns.all().any(|pattern| usize::from(pattern[columns.len()]) & bit > 0);
        let mut names: Vec<&'a str> = columns.iter().map(|column| &*column.name).collect();
        names.extend(
            [("swapped values", 1), ("same source", 2)].into_iter().filter(|&(_, bit)| has(bit)).map(|it| it.0),
        );
        names.extend(["prior", "merely related", "competition"]);
        names
    }

    /// The terms that [`total`](Self::total) is the sum of.
    pub(super) fn terms<'a>(&self, pair: usize, columns: &'a [ValueColumn], rows: (u32, u32)) -> Vec<(&'a str, f64)> {
        let Self::Columns { mixture, patterns, .. } = self else {
            return vec![("cosine", self.total(pair))];
        };
        let weight = |(at, column): (usize, &'a ValueColumn)| (&*column.name, self.weight(at, pair, column, rows));
        let mut terms: Vec<(&'a str, f64)> = columns.iter().enumerate().map(weight).collect();
        let fixed = usize::from(patterns.of(pair)[columns.len()]);
        if fixed & 1 > 0 {
            terms.push(("swapped values", SWAP_LOG_ODDS));
        }
        if fixed & 2 > 0 {
            terms.push(("same source", SAME_SOURCE_LOG_ODDS));
        }
        terms.push(("prior", mixture.agreement.prior()));
        // What is left is what the chance of being merely related takes away.
        let known: f64 = terms.iter().map(|(_, term)| term).sum();
        terms.push(("merely related", mixture.log_odds[pair] - known));
        terms.push(("competition", mixture.competition[pair]));
        terms
    }
}

/// Patterns and rarities of pairs.
struct SeenPairs {
    patterns: LevelPatterns,
    rarity: Vec<f64>,
}

impl SeenPairs {
    fn new(
        pairs: &[(u32, u32)],
        columns: &[ValueColumn],
        compared: &[ComparedColumn],
        swaps: &Swaps,
        same_source: impl Fn(&(u32, u32)) -> bool,
    ) -> Self {
        let level = |compared: &ComparedColumn| -> Vec<u8> {
            (0..pairs.len()).into_par_iter().with_min_len(4096).map(|pair| compared.level(pair)).collect()
        };
        let mut levels: Vec<Vec<u8>> = compared.iter().map(level).collect();
        let mut fixed = vec![0_u8; pairs.len()];
        for swap in swaps.all() {
            let own = &mut levels[swap.column as usize][swap.pair as usize];
            *own = (*own).max(swap.level());
            fixed[swap.pair as usize] = 1;
        }
        pairs.iter().zip(&mut fixed).filter(|(pair, _)| same_source(pair)).for_each(|(_, fixed)| *fixed += 2);
        let rarities = pairs.par_iter().enumerate().with_min_len(4096).map(|(at, &(a, _))| {
            columns.iter().zip(&levels).map(|(column, levels)| rarity(column, a, levels[at])).sum::<f64>()
        });
        let rarity: Vec<f64> = rarities.collect();
        levels.push(fixed);
        let patterns = LevelPatterns::new(pairs.len(), &levels);
        Self { patterns, rarity }
    }

    fn agreeing(&self, columns: usize) -> AgreeingPairs<'_> {
        AgreeingPairs { patterns: &self.patterns, columns, fixed: &FIXED, rarity: &self.rarity }
    }
}
