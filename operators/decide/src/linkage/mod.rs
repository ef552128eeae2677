//! Linkage: from the columns of a table to the log-odds that two of its records are the same entity; without any
//! answer, and better with each one.
//!
//! Values are normalised and compared column by column. A [mixture](Linkage::fit) of matches, related pairs and random
//! pairs learns from the table alone what agreement means in each column (Fellegi and Sunter 1969; EM: Winkler 1988;
//! value frequencies: Winkler 1989). [Answers](Linkage::scores) calibrate it and grow boosted trees on top, and
//! [questions](Linkage::questions) choose what to ask. [`contributions`](Linkage::contributions) explain a pair.

mod agreement;
mod allowed_pairs;
mod answer_model;
mod column_kind;
mod compared_pairs;
mod comparison;
mod competition;
mod considered_pairs;
mod cosine_evidence;
mod evidence;
mod input;
mod level_patterns;
mod linkage_model;
mod mixture;
mod monotone_ratio;
mod normal_value;
mod pair_features;
mod questions;
mod random_agreement;
mod record_lookup;
mod rivals;
mod swaps;
mod term_frequency;
mod value_column;
mod word_overlap;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::OnceLock;

use answer_model::AnswerModel;
use column_kind::ColumnKind;
use compared_pairs::ComparedColumn;
use comparison::Comparison;
use considered_pairs::considered_pairs;
use evidence::Evidence;
use pair_features::{FeatureLayout, PairFeatures};
use questions::{KindAnswers, OpenPair, choose};
use rivals::Rivals;
use swaps::Swaps;
use value_column::{ValueColumn, Words};

use crate::error::{self, Result};

pub use input::{LinkageInput, RecordColumn};
pub use linkage_model::LinkageModel;
pub use record_lookup::{RecordLookup, RecordMatch};

/// The log-odds of pairs with a known answer.
const KNOWN: f64 = 20.0;

/// Fewer known pairs say nothing about how well they fit together.
const LEAST_KNOWN: usize = 20;

/// Log-odds of the evidence are clipped to this: no agreement is as certain as an answer.
const MOST_EVIDENCE: f64 = 15.0;

/// A linkage of the records of one table, or of several: its pairs compared, and what agreement means in it.
///
/// ```
/// use relata_decide::linkage::{Linkage, LinkageInput, RecordColumn};
///
/// let column = |name: &str, values: &[&str]| RecordColumn {
///     name: name.into(),
///     values: values.iter().map(|&value| Some(value.to_owned())).collect(),
/// };
/// let names = ["Ann Miller", "Ann Miler", "Bob Stone", "Cy Young", "Di Foster", "Ed Kovac", "Flo Brandt", "Gus Ito"];
/// let cities = ["Rome", "Rome", "Oslo", "Rome", "Oslo", "Lima", "Lima", "Oslo"];
/// let columns = [column("name", &names), column("city", &cities)];
/// let (pairs, cosine) = ([(0, 1), (0, 3), (1, 2)], [0.9, 0.3, 0.1]);
/// let (sources, one_per_source) = (None, false);
/// let input =
///     LinkageInput { columns: &columns, pairs: &pairs, cosine: &cosine, sources, one_per_source, seed: 0 };
/// let linkage = Linkage::fit(input)?;
/// let scores = linkage.scores(&[None, None, None])?;
/// assert!(scores.log_odds[0] > scores.log_odds[1], "{:?} {:?}", linkage.contributions(0), linkage.contributions(1));
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug)]
pub struct Linkage {
    pairs: Vec<(u32, u32)>,
    cosine: Vec<f32>,
    seed: u64,
    columns: Vec<ValueColumn>,
    compared: Vec<ComparedColumn>,
    evidence: Evidence,
    considered: Vec<u32>,
    swaps: Swaps,
    /// Only answers make use of them, and they take as much memory as all else together.
    features: OnceLock<PairFeatures>,
}

/// What is known about all candidate pairs after some answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Scores {
    /// The log-odds that each pair is the same entity, finite; 20 or -20 where it is known, or follows from answers.
    pub log_odds: Vec<f64>,
    /// How far the models differ in the probability of each pair, in [0, 1]; 0 without answers.
    pub disagreement: Vec<f64>,
}

impl Linkage {
    /// Compares all candidate pairs and fits the mixture to them, in time linear in the pairs. Columns without a value
    /// are passed over. If that leaves none, the log-odds are `20 (cosine - 0.9)`. The same on any number of threads.
    pub fn fit(input: LinkageInput<'_>) -> Result<Self> {
        let rows = input.rows()?;
        let mut words = Words::default();
        let columns = input.columns.iter().map(|column| ValueColumn::new(&column.name, &column.values, &mut words));
        let columns: Vec<ValueColumn> = columns.filter(|column| column.filled > 0).collect();
        let compare = |column: &ValueColumn| ComparedColumn::new(column, &words, input.pairs);
        let compared: Vec<ComparedColumn> = columns.iter().map(compare).collect();
        let swaps = Swaps::find(&columns, &words, &compared, input.pairs);
        let evidence = Evidence::fit(&input, rows, (&columns, &words), &compared, &swaps)?;
        let considered = considered_pairs(rows, input.pairs, evidence.log_odds(), input.cosine);
        let (pairs, cosine, seed) = (input.pairs.to_vec(), input.cosine.to_vec(), input.seed);
        let features = OnceLock::new();
        Ok(Self { pairs, cosine, seed, columns, compared, evidence, considered, swaps, features })
    }

    fn features(&self) -> Result<&PairFeatures> {
        if let Some(features) = self.features.get() {
            return Ok(features);
        }
        let Self { columns, compared, swaps, evidence, considered, .. } = self;
        let of_pairs = (&self.pairs[..], &self.cosine[..]);
        let rivals = Rivals::new(evidence.rows(), &self.pairs, evidence.log_odds());
        let layout = FeatureLayout::of(columns, compared, swaps);
        let features = PairFeatures::new(of_pairs, columns, compared, swaps, (evidence, &rivals), &layout, considered)?;
        Ok(self.features.get_or_init(|| features))
    }

    /// How the values of these candidate pairs compare, by names such as `name.similarity`, and `cosine` at last; null where
    /// a value is. All lie in [0, 1] but for differences of numbers, in standard deviations up to 5, and cosines. The names
    /// are the same whatever the pairs.
    pub fn comparators(&self, pairs: Range<usize>) -> Vec<(String, Vec<Option<f32>>)> {
        let mut found = Vec::new();
        for (column, compared) in self.columns.iter().zip(&self.compared) {
            let mut add = |what: &str, of: fn(&Comparison) -> f32| {
                let values = pairs.clone().map(|pair| compared.get(pair).map(of)).collect();
                found.push((format!("{}.{what}", column.name), values));
            };
            add("similarity", |found| found.similarity);
            add("equal", |found| f32::from(u8::from(found.is_of_equals())));
            add("jaro_winkler", |found| found.jaro_winkler);
            add("edit", |found| found.edit);
            match column.kind {
                ColumnKind::Text => add("words", |found| found.words),
                ColumnKind::Number { .. } => add("difference", |found| found.difference),
            }
        }
        found.push(("cosine".to_owned(), self.cosine[pairs].iter().map(|&cosine| Some(cosine)).collect()));
        found
    }

    /// The names of the terms of [`contributions`](Self::contributions), of all pairs, each once.
    pub fn term_names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        // A column may be called as a term that is none's.
        self.evidence.term_names(&self.columns).into_iter().for_each(|name| {
            if !names.contains(&name) {
                names.push(name);
            }
        });
        names
    }

    /// Why the log-odds of a pair before any answer are what they are: a term for each column, for swapped values and
    /// for rows of one source where there are any, the prior, what the chance of being merely related takes away, and
    /// competition. They add up to the log-odds before those are clipped. Nothing for a pair that there is not.
    pub fn contributions(&self, pair: usize) -> Vec<(&str, f64)> {
        self.pairs.get(pair).map_or_else(Vec::new, |&rows| self.evidence.terms(pair, &self.columns, rows))
    }

    /// The positions of the pairs that could be a match, ascending. Only these are learned from and asked about; the
    /// others keep their low log-odds and are best left out of a clustering, as pairs that were not scored.
    pub fn considered(&self) -> &[u32] {
        &self.considered
    }

    /// The log-odds of all candidate pairs, given what is known about some: answers, and what follows from them by
    /// transitivity. Without anything known they are those of the mixture, clipped to 15.
    pub fn scores(&self, known: &[Option<bool>]) -> Result<Scores> {
        error::same_length("known pairs", self.pairs.len(), known.len())?;
        let mut log_odds: Vec<f64> = (0..self.pairs.len()).map(|pair| clipped(&self.evidence, pair)).collect();
        let mut disagreement = vec![0.0; self.pairs.len()];
        let considered: Vec<f64> = self.considered.iter().map(|&pair| log_odds[pair as usize]).collect();
        if let Some(model) = self.answer_model(known, &considered)? {
            let (learned, differences) = model.scores(self.features()?, &considered)?;
            for ((&pair, z), difference) in self.considered.iter().zip(learned).zip(differences) {
                log_odds[pair as usize] = z;
                disagreement[pair as usize] = difference;
            }
        }
        for ((log_odds, disagreement), known) in log_odds.iter_mut().zip(&mut disagreement).zip(known) {
            if let Some(related) = known {
                *log_odds = if *related { KNOWN } else { -KNOWN };
                *disagreement = 0.0;
            }
        }
        Ok(Scores { log_odds, disagreement })
    }

    /// How well what is known of the pairs fits together: the share of known pairs whose relation follows from the others by the
    /// columns, each half scored by a model of the other half. Nothing where fewer than 20 are known.
    pub fn agreement(&self, known: &[Option<bool>]) -> Result<Option<f64>> {
        error::same_length("known pairs", self.pairs.len(), known.len())?;
        let asked: Vec<usize> = self.considered.iter().map(|&pair| pair as usize).collect();
        let asked: Vec<usize> = asked.into_iter().filter(|&pair| known[pair].is_some()).collect();
        if asked.len() < LEAST_KNOWN {
            return Ok(None);
        }
        let mut right = 0;
        for half in 0..2 {
            let mut others = known.to_vec();
            let hidden: Vec<usize> = asked.iter().copied().skip(half).step_by(2).collect();
            hidden.iter().for_each(|&pair| others[pair] = None);
            let scores = self.scores(&others)?;
            right += hidden.iter().filter(|&&pair| known[pair] == Some(scores.log_odds[pair] > 0.0)).count();
        }
        Ok(Some(right as f64 / asked.len() as f64))
    }

    /// What the answers teach; nothing without any about considered pairs, whose log-odds by the evidence are given.
    fn answer_model(&self, known: &[Option<bool>], considered: &[f64]) -> Result<Option<AnswerModel>> {
        let target = |(at, &pair): (usize, &u32)| Some((at, f64::from(u8::from(known[pair as usize]?))));
        let answers: Vec<(usize, f64)> = self.considered.iter().enumerate().filter_map(target).collect();
        if answers.is_empty() {
            return Ok(None);
        }
        let seed = self.seed.wrapping_mul(1 << 32).wrapping_add(answers.len() as u64);
        AnswerModel::learn(self.features()?, considered, &answers, seed).map(Some)
    }

    /// The positions of up to `count` pairs to ask about next, best first: of those that are `open` and could be a
    /// match. A round of the same number asks the same questions.
    pub fn questions(&self, scores: &Scores, open: &dyn Fn(usize) -> bool, count: usize, round: u32) -> Vec<usize> {
        let pair = |&pair: &u32| {
            let pair = pair as usize;
            let (log_odds, disagreement) = (*scores.log_odds.get(pair)?, *scores.disagreement.get(pair)?);
            let kind = self.evidence.kind(pair);
            open(pair).then_some(OpenPair { pair, rows: self.pairs[pair], log_odds, disagreement, kind })
        };
        let open: Vec<OpenPair> = self.considered.iter().filter_map(pair).collect();
        let mut answers: BTreeMap<u64, KindAnswers> = BTreeMap::new();
        for &pair in &self.considered {
            let (pair, of) = (pair as usize, scores.log_odds.get(pair as usize).copied().unwrap_or(0.0));
            if of.abs() >= KNOWN && self.evidence.total(pair) > 0.0 {
                let told = answers.entry(self.evidence.kind(pair)).or_default();
                *(if of > 0.0 { &mut told.yes } else { &mut told.no }) += 1;
            }
        }
        choose(&open, &answers, count, self.seed.wrapping_mul(1 << 32).wrapping_add(u64::from(round)))
    }
}

/// The log-odds of a pair by the evidence.
fn clipped(evidence: &Evidence, pair: usize) -> f64 {
    evidence.total(pair).clamp(-MOST_EVIDENCE, MOST_EVIDENCE)
}

#[cfg(test)]
mod tests;
