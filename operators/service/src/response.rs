//! Responses: what a service answered, and which answers count.

use std::collections::BTreeMap;

use relata_data::DataError;
use relata_data::index::SampleId;
use relata_oracle::Question;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::retry::RetryDecision;

/// The characters that are quoted of a response.
const QUOTED: usize = 200;

/// A question, and the candidates that have no answer yet.
pub(crate) struct OpenQuestion {
    pub(crate) question: Question,
    pub(crate) missing: Vec<SampleId>,
}

/// An answer of a service about one candidate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ServiceAnswer {
    pub(crate) question: u64,
    pub(crate) candidate: SampleId,
    pub(crate) related: Option<bool>,
    pub(crate) confidence: f64,
    /// Who gave it, if the service has annotators of its own.
    pub(crate) annotator: Option<String>,
}

/// Why an answer of a response does not count.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum InvalidAnswer {
    #[error("the answer {answer}: {found}")]
    Malformed { answer: String, found: String },
    #[error("an answer to question {question}, which was not asked")]
    Question { question: u64 },
    #[error("an answer about candidate {candidate} of question {question}, which was not asked")]
    Candidate { question: u64, candidate: SampleId },
    #[error("confidence {confidence} for candidate {candidate} of question {question}, which is not in [0, 1]")]
    Confidence { question: u64, candidate: SampleId, confidence: f64 },
    #[error("{times} answers about candidate {candidate} of question {question}")]
    Repeated { question: u64, candidate: SampleId, times: usize },
}

/// Why a request did not bring what it should, and whether to repeat it.
#[derive(Debug)]
pub(crate) struct RequestError {
    pub(crate) expected: String,
    pub(crate) found: String,
    pub(crate) hint: String,
    pub(crate) again: RetryDecision,
    /// Whether there is a response, which does not have what it should.
    pub(crate) in_response: bool,
}

impl RequestError {
    /// A response that is not in the form that the documentation describes.
    pub(crate) fn form(expected: &str, found: String) -> Self {
        let hint = "The documentation of relata_service describes what is expected.".to_owned();
        Self { expected: expected.to_owned(), found, hint, again: RetryDecision::Later, in_response: true }
    }

    /// A sample that cannot be sent.
    pub(crate) fn unsent(error: DataError) -> Self {
        Self {
            expected: "the features of every sample".to_owned(),
            found: error.to_string(),
            hint: "The answers so far are kept; mend this, and run the pipeline again.".to_owned(),
            again: RetryDecision::Never,
            in_response: false,
        }
    }
}

/// The members of a response that are read from JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswersJson {
    answers: Vec<Value>,
}

impl AnswersJson {
    /// Reads each answer by itself, so that one that is malformed does not spoil the others.
    pub(crate) fn each<T: serde::de::DeserializeOwned>(self) -> impl Iterator<Item = Result<T, InvalidAnswer>> {
        self.answers.into_iter().map(|answer| {
            T::deserialize(&answer).map_err(|error| InvalidAnswer::Malformed {
                answer: shorten(&answer.to_string()),
                found: error.to_string(),
            })
        })
    }
}

/// `related` has to be there, even if it is null.
pub(crate) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Option::deserialize(deserializer)
}

/// The confidence of an answer that has none.
pub(crate) fn certain() -> f64 {
    1.0
}

/// The answers that count: to what was asked, with a confidence in [0, 1], once per candidate and annotator. The second
/// part says what is wrong with the others.
pub(crate) fn valid_answers(
    asked: &[OpenQuestion],
    answers: Vec<Result<ServiceAnswer, InvalidAnswer>>,
) -> (Vec<ServiceAnswer>, Option<String>) {
    let mut invalid = Vec::new();
    let mut times: BTreeMap<(u64, SampleId, Option<String>), usize> = BTreeMap::new();
    let mut valid = Vec::new();
    for answer in answers {
        match answer.and_then(|answer| check(asked, answer)) {
            Err(error) => invalid.push(error),
            Ok(answer) => {
                *times.entry((answer.question, answer.candidate, answer.annotator.clone())).or_default() += 1;
                valid.push(answer);
            }
        }
    }
    for (&(question, candidate, _), &times) in times.iter().filter(|(_, times)| **times > 1) {
        invalid.push(InvalidAnswer::Repeated { question, candidate, times });
    }
    valid.retain(|answer| times.get(&(answer.question, answer.candidate, answer.annotator.clone())) == Some(&1));
    let complaint = invalid.first().map(|first| match invalid.len() - 1 {
        0 => first.to_string(),
        others => format!("{first} (and {others} more such things)"),
    });
    (valid, complaint)
}

fn check(asked: &[OpenQuestion], answer: ServiceAnswer) -> Result<ServiceAnswer, InvalidAnswer> {
    let ServiceAnswer { question, candidate, confidence, .. } = answer;
    let open = asked.iter().find(|asked| asked.question.question == question);
    if !open.ok_or(InvalidAnswer::Question { question })?.missing.contains(&candidate) {
        return Err(InvalidAnswer::Candidate { question, candidate });
    }
    match (0.0..=1.0).contains(&confidence) {
        true => Ok(answer),
        false => Err(InvalidAnswer::Confidence { question, candidate, confidence }),
    }
}

/// The beginning of a text, on one line.
pub(crate) fn shorten(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}..", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(number: u64, missing: &[u64]) -> OpenQuestion {
        let question = Question {
            question: number,
            round: 1,
            anchor: SampleId(0),
            candidates: [1, 2, 3, 4].map(SampleId).to_vec(),
            strategy: String::new(),
            priority: 0.0,
        };
        OpenQuestion { question, missing: SampleId::slice(missing).to_vec() }
    }

    fn answer(question: u64, candidate: u64, confidence: f64, annotator: &str) -> ServiceAnswer {
        let candidate = SampleId(candidate);
        let annotator = (!annotator.is_empty()).then(|| annotator.to_owned());
        ServiceAnswer { question, candidate, related: Some(true), confidence, annotator }
    }

    #[test]
    fn only_what_was_asked_counts_and_only_once() {
        let asked = [asked(7, &[1, 2, 3]), asked(8, &[2, 4])];
        let good = [answer(7, 1, 1.0, ""), answer(8, 2, 0.0, "anna"), answer(8, 2, 0.5, "ben")];
        let bad = [
            (answer(9, 1, 1.0, ""), "question 9"),
            (answer(7, 4, 1.0, ""), "candidate 4 of question 7"),
            (answer(7, 2, 1.5, ""), "1.5"),
            (answer(7, 2, f64::NAN, ""), "NaN"),
        ];
        let all = |bad: &[ServiceAnswer]| good.iter().chain(bad).cloned().map(Ok).collect::<Vec<_>>();
        assert_eq!(valid_answers(&asked, all(&[])), (good.to_vec(), None));
        for (bad, why) in bad {
            let (kept, complaint) = valid_answers(&asked, all(&[bad]));
            assert_eq!(kept, good);
            assert!(complaint.unwrap().contains(why));
        }
        // Neither of two answers counts, even if they agree.
        let (kept, complaint) =
            valid_answers(&asked, all(&[answer(8, 4, 1.0, ""), answer(8, 4, 1.0, ""), answer(7, 4, 1.0, "")]));
        assert_eq!(kept, good);
        assert!(complaint.unwrap().ends_with("(and 1 more such things)"));
        let (kept, complaint) =
            valid_answers(&asked, vec![Err(InvalidAnswer::Question { question: 9 }), Ok(good[0].clone())]);
        assert_eq!((kept.len(), complaint), (1, Some("an answer to question 9, which was not asked".to_owned())));
    }

    #[test]
    fn quotes_are_short_and_on_one_line() {
        assert_eq!(shorten(" a\n\u{1b}[31m b\t"), "a [31m b");
        let long = shorten(&"é".repeat(500));
        assert_eq!(long.chars().count(), QUOTED + 2);
    }
}
