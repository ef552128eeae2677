//! The plain protocol: batches of questions and answers, as the documentation of the crate describes them.

use std::collections::BTreeMap;

use relata_data::DataError;
use relata_data::index::SampleId;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::response::{
    AnswersJson, InvalidAnswer, OpenQuestion, RequestError, ServiceAnswer, certain, required, shorten,
};
use crate::sample_content::RequestSamples;

/// The members of a request.
pub(super) const MEMBERS: &[&str] = &["instruction", "questions"];

#[derive(Serialize)]
struct PlainRequest<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    instruction: Option<&'a str>,
    questions: Vec<PlainQuestion<'a>>,
    #[serde(flatten)]
    options: &'a BTreeMap<String, Value>,
}

#[derive(Serialize)]
struct PlainQuestion<'a> {
    question: u64,
    anchor: PlainSample<'a>,
    candidates: Vec<PlainSample<'a>>,
}

#[derive(Serialize)]
struct PlainSample<'a> {
    id: SampleId,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<&'a Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<Vec<f32>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlainAnswer {
    question: u64,
    candidate: SampleId,
    #[serde(deserialize_with = "required")]
    related: Option<bool>,
    #[serde(default = "certain")]
    confidence: f64,
    annotator: Option<String>,
}

pub(super) fn request(
    instruction: Option<&str>,
    options: &BTreeMap<String, Value>,
    asked: &[OpenQuestion],
    samples: &RequestSamples,
) -> Result<String, DataError> {
    let sample = |id: SampleId| -> Result<_, DataError> {
        let (features, image) = (samples.features(id)?, samples.image(id, 1)?);
        Ok(PlainSample { id, columns: samples.columns(id), features, image })
    };
    let question = |asked: &OpenQuestion| -> Result<_, DataError> {
        let candidates = asked.missing.iter().map(|&id| sample(id)).collect::<Result<_, _>>()?;
        Ok(PlainQuestion { question: asked.question.question, anchor: sample(asked.question.anchor)?, candidates })
    };
    let questions = asked.iter().map(question).collect::<Result<_, _>>()?;
    let request = PlainRequest { instruction, questions, options };
    Ok(serde_json::to_string(&request).expect("numbers, text and maps with text as keys are JSON"))
}

pub(super) fn response(text: &str) -> Result<Vec<Result<ServiceAnswer, InvalidAnswer>>, RequestError> {
    let answers: AnswersJson = serde_json::from_str(text)
        .map_err(|error| RequestError::form("JSON with `answers`", format!("{} ({error})", shorten(text))))?;
    let read = |answer: PlainAnswer| ServiceAnswer {
        question: answer.question,
        candidate: answer.candidate,
        related: answer.related,
        confidence: answer.confidence,
        annotator: answer.annotator.filter(|name| !name.is_empty()),
    };
    Ok(answers.each::<PlainAnswer>().map(|answer| answer.map(read)).collect())
}
