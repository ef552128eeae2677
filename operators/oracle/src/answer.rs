//! Answers of annotators to questions.

use relata_data::index::SampleId;
use serde::{Deserialize, Serialize};

use crate::cost::Cost;
use crate::question::Question;

/// What an annotator said about one candidate of a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The question.
    pub question: u64,
    /// Its anchor.
    pub anchor: SampleId,
    /// The candidate.
    pub candidate: SampleId,
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
    pub fn now(question: &Question, candidate: SampleId, related: Option<bool>, oracle: &str, cost: Cost) -> Self {
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

impl Question {
    /// An answer for each candidate: what `related` says about it, none for a pass.
    pub fn answers(&self, oracle: &str, cost: Cost, mut related: impl FnMut(SampleId) -> Option<bool>) -> Vec<Answer> {
        let answer = |&candidate: &SampleId| Answer::now(self, candidate, related(candidate), oracle, cost);
        self.candidates.iter().map(answer).collect()
    }
}
