//! Stratified audit: which pairs to ask about, and what the answers say about precision and recall.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand::seq::index::sample;
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

use super::interval::Interval;
use super::stratum_sample::StratumSample;
use crate::error::{self, DecideError, Result};

/// A stratum counts as at least this uncertain, so that a model that is wrongly sure gets questions, too.
const LEAST_PROBABILITY: f64 = 1e-3;

/// How to choose the pairs of an audit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AuditSettings {
    /// How many pairs to ask about; 200 by default. At least one per stratum that has pairs.
    pub questions: usize,
    /// The probabilities between strata, ascending; 0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95 and 0.99 by default.
    pub cuts: Vec<f64>,
    /// So many questions go to each stratum before the rest is shared out; 5 by default. Fewer where there are not
    /// enough questions or pairs.
    pub least: usize,
    /// The seed of the draw.
    pub seed: u64,
}

impl Default for AuditSettings {
    fn default() -> Self {
        Self { questions: 200, cuts: vec![0.001, 0.01, 0.05, 0.2, 0.5, 0.8, 0.95, 0.99], least: 5, seed: 0 }
    }
}

/// Pairs of about one probability that were decided alike.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct AuditStratum {
    /// The least probability of the stratum.
    pub lower: f64,
    /// The end of its probabilities, which belongs to the next one but for the last.
    pub upper: f64,
    /// Whether its pairs were decided to be the same entity.
    pub decided: bool,
    /// How many pairs it has, at least one.
    pub pairs: u64,
    /// Their mean probability.
    pub mean_probability: f64,
    /// How many of them are asked about.
    pub questions: u64,
}

/// Questions about pairs, drawn at random within strata of probability and decision (after Marchant and Rubinstein
/// 2017, "In search of an entity resolution OASIS", simplified: drawn once, not adapted to the answers). A stratum of N
/// pairs with mean probability p gets questions in proportion to `sqrt(N p (1 - p))`. Compared with the
/// variance-optimal `N sqrt(p (1 - p))`, this keeps the many improbable pairs from taking them all.
///
/// ```
/// use relata_decide::evaluation::{AuditSettings, StratifiedAudit};
///
/// let probabilities: Vec<f64> = (0..1000).map(|at| f64::from(at) / 1000.0).collect();
/// let decided: Vec<bool> = probabilities.iter().map(|&p| p >= 0.5).collect();
/// let audit = StratifiedAudit::plan(&probabilities, &decided, &AuditSettings::default())?;
/// // Somebody answers: here, related from 0.6 on.
/// let answers: Vec<_> = audit.questions().iter().map(|&pair| Some(probabilities[pair] >= 0.6)).collect();
/// let found = audit.estimate(&decided, &answers)?;
/// let precision = found.precision.unwrap();
/// assert!(precision.lower < 0.8 && precision.upper > 0.8 && found.recall.unwrap().upper == 1.0);
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StratifiedAudit {
    strata: Vec<AuditStratum>,
    questions: Vec<usize>,
    /// By pair: its stratum.
    stratum_of: Vec<u16>,
}

/// What the answers of an audit say about all pairs, those that were never asked about included.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AuditEstimate {
    /// The share of the decided pairs that is related; nothing if none was decided.
    pub precision: Option<Interval>,
    /// The share of the related pairs that was decided; nothing if no answer says related. Only pairs that the audit
    /// was planned with count: what blocking lost is not among them.
    pub recall: Option<Interval>,
}

impl StratifiedAudit {
    /// Chooses pairs to ask about. `probabilities` and `decided` are those of every pair, whose position is its number.
    pub fn plan(probabilities: &[f64], decided: &[bool], settings: &AuditSettings) -> Result<Self> {
        error::same_length("decisions of pairs", probabilities.len(), decided.len())?;
        probabilities.iter().enumerate().try_for_each(|(at, &p)| error::share("probability", at, p))?;
        let cuts = &settings.cuts;
        cuts.iter().enumerate().try_for_each(|(at, &cut)| error::share("cut", at, cut))?;
        let ascends = |pair: &[f64]| pair[0] < pair[1];
        if let Some(at) = cuts.windows(2).position(|pair| !ascends(pair)) {
            let expected = "more than the one before";
            return Err(DecideError::Value { what: "cut", position: at + 1, expected, found: cuts[at + 1] });
        }

        // Every cut makes two strata more, since decisions are told apart.
        let cell =
            |pair: usize| 2 * cuts.partition_point(|&cut| cut <= probabilities[pair]) + usize::from(decided[pair]);
        let mut sums = vec![(0_u64, 0.0); 2 * (cuts.len() + 1)];
        for (pair, &p) in probabilities.iter().enumerate() {
            let (pairs, sum) = &mut sums[cell(pair)];
            *pairs += 1;
            *sum += p;
        }
        let edge = |at: usize| if at == 0 { 0.0 } else { cuts.get(at - 1).copied().unwrap_or(1.0) };
        let mut number = vec![0; sums.len()];
        let mut strata = Vec::new();
        for (cell, &(pairs, sum)) in sums.iter().enumerate().filter(|(_, (pairs, _))| *pairs > 0) {
            number[cell] = strata.len();
            let (lower, upper, decided) = (edge(cell / 2), edge(cell / 2 + 1), cell % 2 == 1);
            strata.push(AuditStratum {
                lower,
                upper,
                decided,
                pairs,
                mean_probability: sum / pairs as f64,
                questions: 0,
            });
        }
        allocate(&mut strata, settings)?;

        let mut rng = Xoshiro256PlusPlus::seed_from_u64(settings.seed);
        // The ordinals of the drawn pairs within their strata, the next one last.
        let mut drawn: Vec<Vec<u64>> = Vec::new();
        for stratum in &strata {
            let ordinals = sample(&mut rng, stratum.pairs as usize, stratum.questions as usize);
            let mut ordinals: Vec<u64> = ordinals.iter().map(|at| at as u64).collect();
            ordinals.sort_unstable_by(|a, b| b.cmp(a));
            drawn.push(ordinals);
        }
        let mut seen = vec![0_u64; strata.len()];
        let (mut questions, mut stratum_of) = (Vec::new(), Vec::with_capacity(probabilities.len()));
        for pair in 0..probabilities.len() {
            let stratum = number[cell(pair)];
            if drawn[stratum].last() == Some(&seen[stratum]) {
                drawn[stratum].pop();
                questions.push(pair);
            }
            seen[stratum] += 1;
            stratum_of.push(stratum as u16);
        }
        // The order of the questions tells nothing about their answers.
        questions.shuffle(&mut rng);
        Ok(Self { strata, questions, stratum_of })
    }

    /// The numbers of the pairs to ask about, in a random order.
    pub fn questions(&self) -> &[usize] {
        &self.questions
    }

    /// The strata that have pairs, by probability.
    pub fn strata(&self) -> &[AuditStratum] {
        &self.strata
    }

    /// By question: how many pairs it stands for, those of its stratum by the answered ones; 0 if it was not answered.
    pub fn weights(&self, answers: &[Option<bool>]) -> Result<Vec<f64>> {
        error::same_length("answers", self.questions.len(), answers.len())?;
        let mut answered = vec![0_u64; self.strata.len()];
        let stratum = |question: usize| usize::from(self.stratum_of[self.questions[question]]);
        (0..answers.len()).filter(|&at| answers[at].is_some()).for_each(|at| answered[stratum(at)] += 1);
        let weight = |at: usize| self.strata[stratum(at)].pairs as f64 / answered[stratum(at)] as f64;
        Ok((0..answers.len()).map(|at| if answers[at].is_some() { weight(at) } else { 0.0 }).collect())
    }

    /// Precision and recall of decisions over all pairs: those that the audit was planned with, or others, such as those by a
    /// threshold that the answers chose. `answers` are those to [`questions`](Self::questions): whether the pair is related, or
    /// nothing where that could not be said. Such pairs are taken to be like the others of their stratum.
    ///
    /// Pairs of one stratum and decision are a simple random sample (post-stratification; Cochran 1977, chapter 5A). Those
    /// without an answer are taken to be like the next ones of the same decision; if there are none, that is an error.
    pub fn estimate(&self, decided: &[bool], answers: &[Option<bool>]) -> Result<AuditEstimate> {
        let [outside, inside] = self.samples(decided, answers)?;
        Ok(AuditEstimate {
            precision: StratumSample::share(&inside)?,
            recall: StratumSample::ratio(&inside, &outside)?,
        })
    }

    /// The samples of the pairs that are not decided to be related, and of those that are.
    pub fn samples(&self, decided: &[bool], answers: &[Option<bool>]) -> Result<[Vec<StratumSample>; 2]> {
        error::same_length("answers", self.questions.len(), answers.len())?;
        error::same_length("decisions of pairs", self.stratum_of.len(), decided.len())?;
        let empty = vec![StratumSample { pairs: 0, answered: 0, related: 0 }; self.strata.len()];
        let mut samples = [empty.clone(), empty];
        for (&decided, &stratum) in decided.iter().zip(&self.stratum_of) {
            samples[usize::from(decided)][usize::from(stratum)].pairs += 1;
        }
        for (answer, &pair) in answers.iter().zip(&self.questions) {
            let sample = &mut samples[usize::from(decided[pair])][usize::from(self.stratum_of[pair])];
            sample.answered += u64::from(answer.is_some());
            sample.related += u64::from(*answer == Some(true));
        }
        let [outside, inside] = samples.map(join_unanswered);
        Ok([outside?, inside?])
    }
}

/// Joins samples without an answer with the next one that has some, or with the one before.
fn join_unanswered(samples: Vec<StratumSample>) -> Result<Vec<StratumSample>> {
    let mut joined: Vec<StratumSample> = Vec::new();
    let mut open: Option<StratumSample> = None;
    let both = |a: StratumSample, b: StratumSample| StratumSample {
        pairs: a.pairs + b.pairs,
        answered: a.answered + b.answered,
        related: a.related + b.related,
    };
    for sample in samples.into_iter().filter(|sample| sample.pairs > 0) {
        let sample = open.take().map_or(sample, |open| both(open, sample));
        match sample.answered {
            0 => open = Some(sample),
            _ => joined.push(sample),
        }
    }
    match (open, joined.pop()) {
        (Some(open), Some(last)) => joined.push(both(last, open)),
        (Some(open), None) => return Err(DecideError::UnansweredStratum { stratum: 0, pairs: open.pairs }),
        (None, last) => joined.extend(last),
    }
    Ok(joined)
}

/// Shares the questions out: the least number to each, and the others one by one to where the weight per question is
/// greatest (Webster's method), the first of several.
fn allocate(strata: &mut [AuditStratum], settings: &AuditSettings) -> Result<()> {
    let questions = settings.questions as u64;
    let enough = questions >= strata.len() as u64;
    error::setting("questions", enough, "at least one for every stratum that has pairs", questions as f64)?;
    let given = |least: u64| strata.iter().map(|stratum| stratum.pairs.min(least)).sum::<u64>();
    let mut least = settings.least.max(1) as u64;
    while least > 1 && given(least) > questions {
        least -= 1;
    }
    let mut left = questions - given(least);
    strata.iter_mut().for_each(|stratum| stratum.questions = stratum.pairs.min(least));
    let weight = |stratum: &AuditStratum| {
        let p = stratum.mean_probability.clamp(LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY);
        (stratum.pairs as f64 * p * (1.0 - p)).sqrt() / (stratum.questions as f64 + 0.5)
    };
    while left > 0 {
        let open = strata.iter().enumerate().filter(|(_, stratum)| stratum.questions < stratum.pairs);
        // Of equal ones the last is the greatest: turned round, the first.
        let Some((next, _)) = open.rev().max_by(|a, b| weight(a.1).total_cmp(&weight(b.1))) else { break };
        strata[next].questions += 1;
        left -= 1;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
