//! Test fixture: a dataset, questions and somewhere to write answers, for the tests of this folder.

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tempfile::TempDir;

use crate::answer::Answer;
use crate::error::Result;
use crate::oracle::{Context, Oracle};
use crate::question::Question;
use crate::record::Record;
use relata_data::index::SampleId;
use relata_data::source::{Dataset, Samples, csv, ingest, session, sql};
use relata_data::{Session, query};

/// A dataset, such as of CSV text, all but the rows with `split = 'test'` being trained on.
pub(super) struct Fixture {
    _folder: TempDir,
    session: Session,
    samples: Samples,
}

impl Fixture {
    pub(super) async fn new(text: &str) -> Self {
        Self::csv(text, |dataset| dataset).await
    }

    /// A dataset whose vectors are these columns as they are.
    pub(super) async fn vectors(text: &str, columns: &[&str]) -> Self {
        Self::csv(text, |dataset| dataset.feature_columns(columns.iter().copied())).await
    }

    async fn csv(text: &str, settings: impl FnOnce(Dataset) -> Dataset) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("samples.csv");
        std::fs::write(&file, text).unwrap();
        Self::of(folder, &settings(csv(file))).await
    }

    /// The rows of an SQL query.
    pub(super) async fn query(query: &str) -> Self {
        Self::of(tempfile::tempdir().unwrap(), &sql(query).into()).await
    }

    async fn of(folder: TempDir, dataset: &Dataset) -> Self {
        let session = session();
        let samples = ingest(dataset, &session, folder.path(), &mut |_| {}).await.unwrap();
        let path = samples.samples_path.display().to_string();
        query::register_parquet(&session, "samples", &path).await.unwrap();
        let has_split = samples.columns.iter().any(|column| column == "split");
        let condition = if has_split { "split = 'train'" } else { "true" };
        let training = query::plan_sql(&session, &format!("SELECT * FROM samples WHERE {condition}")).await.unwrap();
        session.register_table("training", training.into_view()).unwrap();
        Self { _folder: folder, session, samples }
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context::new(&self.session, &self.samples, 7)
    }

    pub(super) fn question(question: u64, anchor: u64, candidates: &[u64]) -> Question {
        let (anchor, candidates) = (SampleId(anchor), SampleId::slice(candidates).to_vec());
        Question { question, round: 1, anchor, candidates, strategy: "test".to_owned(), priority: 0.0 }
    }

    pub(super) async fn ask(&self, oracle: &dyn Oracle, questions: &[Question]) -> Result<Vec<Answer>> {
        let notes = Notes::default();
        oracle.answer(&self.context(), questions, &notes).await?;
        Ok(notes.answers.into_inner().unwrap())
    }

    /// What was said, candidate by candidate.
    pub(super) async fn said(&self, oracle: &dyn Oracle, questions: &[Question]) -> Vec<Option<bool>> {
        self.ask(oracle, questions).await.unwrap().iter().map(|answer| answer.related).collect()
    }
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
