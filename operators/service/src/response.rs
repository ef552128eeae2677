//! What a service said, and which of it counts.

use std::collections::BTreeMap;

use relata_oracle::Question;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::retry::Again;

/// The characters that are quoted of a response.
const QUOTED: usize = 200;

/// A question, and the candidates that nothing was said about yet.
pub(crate) struct Asked {
    pub(crate) question: Question,
    pub(crate) missing: Vec<u64>,
}

/// What was said about one candidate.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    pub(crate) question: u64,
    pub(crate) candidate: u64,
    pub(crate) related: Option<bool>,
    pub(crate) confidence: f64,
    /// Who said it, if the service has annotators of its own.
    pub(crate) annotator: Option<String>,
}

/// Why a request did not bring what it should, and whether to repeat it.
#[derive(Debug)]
pub(crate) struct Trouble {
    pub(crate) expected: String,
    pub(crate) found: String,
    pub(crate) hint: String,
    pub(crate) again: Again,
}

impl Trouble {
    /// A response that is not in the form that the documentation describes.
    pub(crate) fn form(expected: &str, found: String) -> Self {
        let hint = "The documentation of relata_service describes what is expected.".to_owned();
        Self { expected: expected.to_owned(), found, hint, again: Again::Later }
    }
}

/// The members of a response that are read from JSON.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Answers {
    answers: Vec<Value>,
}

impl Answers {
    /// Reads each answer by itself, so that one that is malformed does not spoil the others.
    pub(crate) fn each<T: serde::de::DeserializeOwned>(self) -> impl Iterator<Item = Result<T, String>> {
        self.answers.into_iter().map(|answer| {
            T::deserialize(&answer).map_err(|error| format!("the answer {}: {error}", shorten(&answer.to_string())))
        })
    }
}

/// `related` has to be there, even if it is null.
pub(crate) fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Option::deserialize(deserializer)
}

/// Confidence, unless told.
pub(crate) fn certain() -> f64 {
    1.0
}

/// Sorts out what counts: answers to what was asked, with a confidence in [0, 1], once per candidate and annotator. The
/// second part says what is wrong with the rest.
pub(crate) fn sort_out(asked: &[Asked], said: Vec<Result<Said, String>>) -> (Vec<Said>, Option<String>) {
    let mut complaints = Vec::new();
    let mut times: BTreeMap<(u64, u64, Option<String>), usize> = BTreeMap::new();
    let mut good = Vec::new();
    for said in said {
        let said = match said {
            Ok(said) => said,
            Err(complaint) => {
                complaints.push(complaint);
                continue;
            }
        };
        let asked = asked.iter().find(|asked| asked.question.question == said.question);
        match asked {
            None => complaints.push(format!("an answer to question {}, which was not asked", said.question)),
            Some(asked) if !asked.missing.contains(&said.candidate) => complaints.push(format!(
                "an answer about candidate {} of question {}, which was not asked",
                said.candidate, said.question
            )),
            Some(_) if !(0.0..=1.0).contains(&said.confidence) => complaints.push(format!(
                "confidence {} for candidate {} of question {}, which is not in [0, 1]",
                said.confidence, said.candidate, said.question
            )),
            Some(_) => {
                *times.entry((said.question, said.candidate, said.annotator.clone())).or_default() += 1;
                good.push(said);
            }
        }
    }
    for ((question, candidate, _), times) in times.iter().filter(|(_, times)| **times > 1) {
        complaints.push(format!("{times} answers about candidate {candidate} of question {question}"));
    }
    good.retain(|said| times.get(&(said.question, said.candidate, said.annotator.clone())) == Some(&1));
    let others = complaints.len().saturating_sub(1);
    let complaint = complaints.into_iter().next().map(|first| match others {
        0 => first,
        _ => format!("{first} (and {others} more such things)"),
    });
    (good, complaint)
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

    fn asked(number: u64, missing: &[u64]) -> Asked {
        let question = Question {
            question: number,
            round: 1,
            anchor: 0,
            candidates: vec![1, 2, 3, 4],
            strategy: String::new(),
            priority: 0.0,
        };
        Asked { question, missing: missing.to_vec() }
    }

    fn said(question: u64, candidate: u64, confidence: f64, annotator: &str) -> Said {
        let annotator = (!annotator.is_empty()).then(|| annotator.to_owned());
        Said { question, candidate, related: Some(true), confidence, annotator }
    }

    #[test]
    fn only_what_was_asked_counts_and_only_once() {
        let asked = [asked(7, &[1, 2, 3]), asked(8, &[2, 4])];
        let good = [said(7, 1, 1.0, ""), said(8, 2, 0.0, "anna"), said(8, 2, 0.5, "ben")];
        let bad = [
            (said(9, 1, 1.0, ""), "question 9"),
            (said(7, 4, 1.0, ""), "candidate 4 of question 7"),
            (said(7, 2, 1.5, ""), "1.5"),
            (said(7, 2, f64::NAN, ""), "NaN"),
        ];
        let all = |bad: &[Said]| good.iter().chain(bad).cloned().map(Ok).collect::<Vec<_>>();
        assert_eq!(sort_out(&asked, all(&[])), (good.to_vec(), None));
        for (bad, why) in bad {
            let (kept, complaint) = sort_out(&asked, all(&[bad]));
            assert_eq!(kept, good);
            assert!(complaint.unwrap().contains(why));
        }
        // Neither of two answers counts, even if they agree.
        let (kept, complaint) = sort_out(&asked, all(&[said(8, 4, 1.0, ""), said(8, 4, 1.0, ""), said(7, 4, 1.0, "")]));
        assert_eq!(kept, good);
        assert!(complaint.unwrap().ends_with("(and 1 more such things)"));
        let (kept, complaint) = sort_out(&asked, vec![Err("bad".to_owned()), Ok(good[0].clone())]);
        assert_eq!((kept.len(), complaint), (1, Some("bad".to_owned())));
    }

    #[test]
    fn quotes_are_short_and_on_one_line() {
        assert_eq!(shorten(" a\n\u{1b}[31m b\t"), "a [31m b");
        let long = shorten(&"é".repeat(500));
        assert_eq!(long.chars().count(), QUOTED + 2);
    }
}
