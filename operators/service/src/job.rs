//! One batch of questions until it is answered or given up.

use std::sync::Arc;
use std::time::Instant;

use relata_data::{OperatorError, Result};
use relata_oracle::{Answer, Cost, Question};

use crate::connection::Connection;
use crate::dialect::Dialect;
use crate::halt::Halt;
use crate::rate_limit::RateLimit;
use crate::request::Subjects;
use crate::response::{Asked, Trouble, sort_out};
use crate::retry::{Again, Retry};
use crate::service::ORACLE;

/// What the batches have in common.
pub(crate) struct Line {
    pub(crate) connection: Connection,
    pub(crate) dialect: Dialect,
    pub(crate) subjects: Subjects,
    pub(crate) limit: Arc<RateLimit>,
    pub(crate) halt: Arc<Halt>,
    pub(crate) retry: Retry,
    pub(crate) seed: u64,
    pub(crate) cost: Cost,
}

/// A batch, and how far it got.
pub(crate) struct Job {
    line: Arc<Line>,
    /// The first question that was asked, for errors.
    first: u64,
    asked: Vec<Asked>,
    /// Requests in a row that brought no answer.
    fruitless: u32,
    due: Instant,
}

/// What one request brought.
#[derive(Default)]
pub(crate) struct Attempt {
    pub(crate) answers: Vec<Answer>,
    trouble: Option<Trouble>,
}

impl Job {
    /// A batch of at least one question.
    pub(crate) fn new(line: Arc<Line>, questions: &[Question]) -> Self {
        let asked = |question: &Question| Asked { question: question.clone(), missing: question.candidates.clone() };
        let asked = questions.iter().map(asked).collect();
        Self { line, first: questions[0].question, asked, fruitless: 0, due: Instant::now() }
    }

    /// Sends a request when it is time and waits for the response: to be run on a thread that may block.
    pub(crate) fn attempt(self) -> (Self, Attempt) {
        let line = &self.line;
        let awake = line.halt.sleep_until(self.due) && line.halt.sleep_until(line.limit.reserve());
        let attempt = if awake { self.ask() } else { Attempt::default() };
        (self, attempt)
    }

    fn ask(&self) -> Attempt {
        let Line { connection, dialect, subjects, cost, .. } = &*self.line;
        let said = connection.post(&dialect.request(&self.asked, subjects));
        let said = match said.and_then(|text| dialect.response(&self.asked, &text)) {
            Ok(said) => said,
            Err(trouble) => return Attempt { answers: vec![], trouble: Some(trouble) },
        };
        let (said, complaint) = sort_out(&self.asked, said);
        let mut answers = Vec::with_capacity(said.len());
        for said in said {
            let asked = self.asked.iter().find(|asked| asked.question.question == said.question);
            answers.extend(asked.map(|asked| Answer {
                confidence: said.confidence as f32,
                annotator: said.annotator.unwrap_or_else(|| dialect.annotator().to_owned()),
                ..Answer::now(&asked.question, said.candidate, said.related, ORACLE, *cost)
            }));
        }
        let expected = "one answer about each candidate that was asked about, with a confidence in [0, 1]";
        Attempt { answers, trouble: complaint.map(|found| Trouble::form(expected, found)) }
    }

    /// What is left to ask once the answers are written down: nothing, the job at a later time, or an error.
    pub(crate) fn next(mut self, attempt: Attempt) -> Result<Option<Self>> {
        let Attempt { answers, trouble } = attempt;
        for asked in &mut self.asked {
            let answered = |candidate: u64| {
                answers.iter().any(|a| a.question == asked.question.question && a.candidate == candidate)
            };
            asked.missing.retain(|&candidate| !answered(candidate));
        }
        self.asked.retain(|asked| !asked.missing.is_empty());
        let trouble = match (self.asked.first(), trouble) {
            (None, None) => return Ok(None),
            // Everything is answered, but a service that answers more than it was asked mixes something up.
            (None, Some(trouble)) => return Err(self.failure(trouble)),
            (Some(_), Some(trouble)) => trouble,
            (Some(asked), None) => Trouble::form(
                "an answer about each candidate",
                format!("none about candidate {} of question {}", asked.missing[0], asked.question.question),
            ),
        };
        self.fruitless = if answers.is_empty() { self.fruitless + 1 } else { 0 };
        if trouble.again == Again::Never || self.fruitless > self.line.retry.times {
            return Err(self.failure(trouble));
        }
        let pause = self.line.retry.pause(self.fruitless, self.line.seed, self.first);
        self.due = Instant::now() + pause;
        if let Again::After(wait) = trouble.again {
            self.line.limit.hold(Instant::now() + wait);
        }
        Ok(Some(self))
    }

    fn failure(&self, trouble: Trouble) -> OperatorError {
        let times = if self.fruitless > 1 { format!(", {} times in a row", self.fruitless) } else { String::new() };
        OperatorError::Oracle {
            oracle: ORACLE.to_owned(),
            question: self.asked.first().map_or(self.first, |asked| asked.question.question),
            expected: trouble.expected,
            found: trouble.found + &times,
            hint: trouble.hint,
        }
    }
}
