//! Batches: the questions of one request, until they are answered or given up.

use std::sync::Arc;
use std::time::Instant;

use relata_data::index::SampleId;
use relata_oracle::{Answer, Cost, OracleError, Question, Result};

use crate::cancellable_sleep::SleepCancel;
use crate::connection::Connection;
use crate::name::ORACLE;
use crate::protocol::Protocol;
use crate::rate_limit::RateLimit;
use crate::response::{OpenQuestion, RequestError, valid_answers};
use crate::retry::{RetryDecision, RetryPolicy};
use crate::sample_content::RequestSamples;

/// What the batches have in common.
pub(crate) struct BatchContext {
    pub(crate) connection: Connection,
    pub(crate) protocol: Protocol,
    /// Who answers, unless a response says otherwise.
    pub(crate) annotator: String,
    pub(crate) samples: RequestSamples,
    pub(crate) limit: RateLimit,
    pub(crate) cancel: Arc<SleepCancel>,
    pub(crate) retry: RetryPolicy,
    pub(crate) seed: u64,
    pub(crate) cost: Cost,
}

/// A batch, and how far it got.
pub(crate) struct QuestionBatch {
    context: Arc<BatchContext>,
    /// The first question that was asked, for errors.
    first: u64,
    asked: Vec<OpenQuestion>,
    /// Requests in a row that brought no answer.
    failures: u32,
    /// Responses that did not have what was asked for.
    incomplete: u32,
    due: Instant,
}

/// What one request brought.
#[derive(Default)]
pub(crate) struct RequestOutcome {
    pub(crate) answers: Vec<Answer>,
    error: Option<RequestError>,
}

impl QuestionBatch {
    /// A batch of at least one question.
    pub(crate) fn new(context: Arc<BatchContext>, questions: &[Question]) -> Self {
        let asked =
            |question: &Question| OpenQuestion { question: question.clone(), missing: question.candidates.clone() };
        let asked = questions.iter().map(asked).collect();
        Self { context, first: questions[0].question, asked, failures: 0, incomplete: 0, due: Instant::now() }
    }

    /// Sends a request when it is time and waits for the response: to be run on a thread that may block.
    pub(crate) fn attempt(self) -> (Self, RequestOutcome) {
        let context = &self.context;
        let awake = context.cancel.sleep_until(self.due) && context.cancel.sleep_until(context.limit.reserve());
        let attempt = if awake { self.ask() } else { RequestOutcome::default() };
        (self, attempt)
    }

    fn ask(&self) -> RequestOutcome {
        let BatchContext { connection, protocol, annotator, samples, cost, .. } = &*self.context;
        let text =
            protocol.request(&self.asked, samples).and_then(|body| connection.post(&body, annotator, self.incomplete));
        let response = match text.and_then(|text| protocol.response(&self.asked, &text)) {
            Ok(response) => response,
            Err(error) => return RequestOutcome { answers: vec![], error: Some(error) },
        };
        let (valid, complaint) = valid_answers(&self.asked, response);
        let mut answers = Vec::with_capacity(valid.len());
        for answer in valid {
            let asked = self.asked.iter().find(|asked| asked.question.question == answer.question);
            answers.extend(asked.map(|asked| Answer {
                confidence: answer.confidence as f32,
                annotator: self.signed(answer.annotator),
                ..Answer::now(&asked.question, answer.candidate, answer.related, ORACLE, *cost)
            }));
        }
        let expected = "one answer about each candidate that was asked about, with a confidence in [0, 1]";
        RequestOutcome { answers, error: complaint.map(|found| RequestError::form(expected, found)) }
    }

    /// Who gave an answer. A service's own annotators are named after it, so that none of them answers under the name of
    /// somebody at the page.
    fn signed(&self, annotator: Option<String>) -> String {
        let own = &self.context.annotator;
        match annotator.filter(|name| name != own) {
            Some(name) => format!("{own}/{name}"),
            None => own.clone(),
        }
    }

    /// What is left to ask once the answers are written down: nothing, the batch at a later time, or an error.
    pub(crate) fn next(mut self, attempt: RequestOutcome) -> Result<Option<Self>> {
        let RequestOutcome { answers, error } = attempt;
        for asked in &mut self.asked {
            let answered = |candidate: SampleId| {
                answers.iter().any(|a| a.question == asked.question.question && a.candidate == candidate)
            };
            asked.missing.retain(|&candidate| !answered(candidate));
        }
        self.asked.retain(|asked| !asked.missing.is_empty());
        let error = match (self.asked.first(), error) {
            (None, None) => return Ok(None),
            // Everything is answered, and paid for. What came beside it does no harm.
            (None, Some(error)) => {
                tracing::warn!("the service answered more than it was asked, which is passed over: {}", error.found);
                return Ok(None);
            }
            (Some(_), Some(error)) => error,
            (Some(asked), None) => RequestError::form(
                "an answer about each candidate",
                format!("none about candidate {} of question {}", asked.missing[0], asked.question.question),
            ),
        };
        self.incomplete += u32::from(error.in_response);
        self.failures = if answers.is_empty() { self.failures + 1 } else { 0 };
        if error.again == RetryDecision::Never || self.failures > self.context.retry.times {
            return Err(self.failure(error));
        }
        let pause = self.context.retry.pause(self.failures, self.context.seed, self.first);
        self.due = Instant::now() + pause;
        if let RetryDecision::After(wait) = error.again {
            self.context.limit.hold(Instant::now() + wait);
        }
        Ok(Some(self))
    }

    fn failure(&self, error: RequestError) -> OracleError {
        let times = if self.failures > 1 { format!(", {} times in a row", self.failures) } else { String::new() };
        OracleError::Answer {
            oracle: ORACLE.to_owned(),
            question: self.asked.first().map_or(self.first, |asked| asked.question.question),
            expected: error.expected,
            found: error.found + &times,
            hint: error.hint,
        }
    }
}
