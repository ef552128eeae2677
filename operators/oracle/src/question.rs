//! Questions to oracles, and what they answer.

use std::path::Path;

use serde::{Deserialize, Serialize};

use relata_data::Result;

/// Which of the candidates are related to the anchor? All samples are named by their ids.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// Its number, unique in a run.
    pub question: u64,
    /// The round in which it is asked, from 1.
    pub round: u32,
    /// The sample that candidates are compared with.
    pub anchor: u64,
    /// The samples that may be related to it; none twice, never the anchor.
    pub candidates: Vec<u64>,
    /// The strategy that proposed it.
    pub strategy: String,
    /// How useful the strategy holds it to be.
    pub priority: f32,
}

impl Question {
    /// An answer for each candidate: what `related` says about it, none for a pass.
    pub fn answers(&self, oracle: &str, cost: Cost, mut related: impl FnMut(u64) -> Option<bool>) -> Vec<Answer> {
        let answer = |&candidate: &u64| Answer::now(self, candidate, related(candidate), oracle, cost);
        self.candidates.iter().map(answer).collect()
    }
}

/// What an annotator said about one candidate of a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The question.
    pub question: u64,
    /// Its anchor.
    pub anchor: u64,
    /// The candidate.
    pub candidate: u64,
    /// Whether the two are related; none if the annotator passed.
    pub related: Option<bool>,
    /// The annotator's own confidence in [0, 1].
    pub confidence: f32,
    /// The oracle that was asked.
    pub oracle: String,
    /// Who answered within it.
    pub annotator: String,
    /// What the answer cost.
    pub cost: f32,
    /// When it was given, in microseconds since 1970 (UTC).
    pub answered_at: i64,
}

impl Answer {
    /// An answer of full confidence, given now.
    pub fn now(question: &Question, candidate: u64, related: Option<bool>, oracle: &str, cost: Cost) -> Self {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self {
            question: question.question,
            anchor: question.anchor,
            candidate,
            related,
            confidence: 1.0,
            oracle: oracle.to_owned(),
            annotator: oracle.to_owned(),
            cost: cost.of_each(question.candidates.len()) as f32,
            answered_at: now.as_micros() as i64,
        }
    }
}

/// What it costs to ask, in the units of the budget.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// For a question, however many candidates it has.
    pub per_question: f64,
    /// For each candidate.
    pub per_candidate: f64,
}

impl Default for Cost {
    /// A pair costs 1.
    fn default() -> Self {
        Self { per_question: 0.0, per_candidate: 1.0 }
    }
}

impl Cost {
    /// The cost of a question of so many candidates.
    pub fn of(&self, candidates: usize) -> f64 {
        self.per_question + self.per_candidate * candidates as f64
    }

    /// What so many annotators cost together.
    pub fn times(&self, annotators: usize) -> Self {
        let count = annotators as f64;
        Self { per_question: self.per_question * count, per_candidate: self.per_candidate * count }
    }

    /// A candidate's share of the cost of a question.
    pub fn of_each(&self, candidates: usize) -> f64 {
        self.of(candidates) / candidates.max(1) as f64
    }
}

/// Where answers are written down. They are durable when `record` returns; answers that were recorded already are
/// passed over.
pub trait Record: Send + Sync {
    /// Writes answers down. An error if one is about a question or candidate that was never asked about.
    fn record(&self, answers: &[Answer]) -> Result<()>;

    /// The folder of the run that asks.
    fn folder(&self) -> &Path;

    /// Who has answered about which candidate of a question already, as (candidate, annotator).
    fn heard(&self, question: u64) -> Result<Vec<(u64, String)>> {
        let _ = question;
        Ok(vec![])
    }
}
