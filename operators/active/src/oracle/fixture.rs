//! A dataset to ask about and oracles that follow a script, for the tests of this folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use relata_data::Session;
use relata_data::index::SampleId;
use relata_data::source::{Samples, csv, ingest, session};
use relata_oracle::{Answer, Context, Cost, Oracle, OracleError, Question, Record, Result};
use relata_registry::Description;
use tempfile::TempDir;

/// Samples with the ids 0 to 9.
pub(super) struct Fixture {
    folder: TempDir,
    session: Session,
    samples: Samples,
}

impl Fixture {
    pub(super) async fn new() -> Self {
        Self::of("id,x\n0,0\n1,0\n2,0\n3,0\n4,0\n5,0\n6,0\n7,0\n8,0\n9,0\n", |dataset| dataset).await
    }

    /// Samples of CSV text, read with more settings.
    pub(super) async fn of(
        text: &str,
        read: impl FnOnce(relata_data::source::Dataset) -> relata_data::source::Dataset,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("samples.csv");
        std::fs::write(&file, text).unwrap();
        let session = session();
        let samples = ingest(&read(csv(file)), &session, folder.path(), &mut |_| {}).await.unwrap();
        Self { folder, session, samples }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The result, and what was written down before.
    pub(super) async fn try_ask(&self, oracle: &dyn Oracle, questions: &[Question]) -> (Result<()>, Vec<Answer>) {
        let notes = Notes::default();
        let context = Context::new(&self.session, &self.samples, 7);
        let result = oracle.answer(&context, questions, &notes).await;
        (result, notes.answers.into_inner().unwrap())
    }

    /// Asks, and writes into a recorder of the test's own.
    pub(super) async fn ask_into(&self, oracle: &dyn Oracle, questions: &[Question], out: &dyn Record) -> Result<()> {
        let context = Context::new(&self.session, &self.samples, 7);
        oracle.answer(&context, questions, out).await
    }

    pub(super) async fn ask(&self, oracle: &dyn Oracle, questions: &[Question]) -> Result<Vec<Answer>> {
        let (result, answers) = self.try_ask(oracle, questions).await;
        result.map(|()| answers)
    }
}

pub(super) fn question(question: u64, anchor: u64, candidates: &[u64]) -> Question {
    let (anchor, candidates) = (SampleId(anchor), SampleId::slice(candidates).to_vec());
    Question { question, round: 1, anchor, candidates, strategy: "test".to_owned(), priority: 0.0 }
}

#[derive(Default)]
struct Notes {
    answers: Mutex<Vec<Answer>>,
    folder: PathBuf,
}

impl Record for Notes {
    fn record(&self, answers: &[Answer]) -> Result<()> {
        self.answers.lock().unwrap().extend_from_slice(answers);
        Ok(())
    }

    fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Every question and candidate that an oracle was asked about, in order.
pub(super) type AskedPairs = Arc<Mutex<Vec<(u64, u64)>>>;

/// An oracle that says what a function of anchor and candidate says.
pub(super) struct Scripted {
    name: &'static str,
    say: fn(u64, u64) -> Option<bool>,
    failing_after: Mutex<Option<usize>>,
    mending: bool,
    forgets: Option<u64>,
    asked: AskedPairs,
}

impl Scripted {
    pub(super) fn new(name: &'static str, say: fn(u64, u64) -> Option<bool>) -> Self {
        Self { name, say, failing_after: Mutex::new(None), mending: false, forgets: None, asked: AskedPairs::default() }
    }

    /// Fails after so many answers of a call.
    pub(super) fn failing_after(self, answers: usize) -> Self {
        Self { failing_after: Mutex::new(Some(answers)), ..self }
    }

    /// Fails only once.
    pub(super) fn mending(self) -> Self {
        Self { mending: true, ..self }
    }

    /// Never says anything about this candidate.
    pub(super) fn forgetting(self, candidate: u64) -> Self {
        Self { forgets: Some(candidate), ..self }
    }

    pub(super) fn asked(&self) -> AskedPairs {
        self.asked.clone()
    }
}

#[async_trait]
impl Oracle for Scripted {
    fn describe(&self) -> Description {
        Description::new(self.name)
    }

    async fn answer(&self, _: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let pairs = questions.iter().flat_map(|q| q.candidates.iter().map(move |&candidate| (q, candidate)));
        self.asked.lock().unwrap().extend(pairs.clone().map(|(q, candidate)| (q.question, candidate.0)));
        let mut failing = self.failing_after.lock().unwrap();
        let most = failing.unwrap_or(usize::MAX);
        for (answered, (q, candidate)) in pairs.enumerate() {
            if answered == most {
                if self.mending {
                    *failing = None;
                }
                return Err(OracleError::Unsupported { oracle: self.name.to_owned(), what: "go on", hint: "" });
            }
            if self.forgets != Some(candidate.0) {
                let related = (self.say)(q.anchor.0, candidate.0);
                out.record(&[Answer::now(q, candidate, related, self.name, Cost::default())])?;
            }
        }
        Ok(())
    }
}
