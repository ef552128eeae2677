//! Run folders with questions, and servers of them.

use std::path::Path;
use std::thread::JoinHandle;

use relata_active::ledger::Ledger;
use relata_annotate::{PageConfig, Server};
use relata_data::index::SampleId;
use relata_data::source::{Dataset, Samples, csv, ingest, parquet, session};
use relata_oracle::{Answer, Question};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// A run folder.
pub struct Run {
    pub folder: TempDir,
    pub samples: Samples,
    pub ledger: Ledger,
}

impl Run {
    /// A run in `folder` of these samples.
    pub fn of(dataset: &Dataset, folder: TempDir) -> Self {
        let runtime = Runtime::new().unwrap();
        let samples = runtime.block_on(ingest(dataset, &session(), folder.path(), &mut |_| {})).unwrap();
        Self { samples, ledger: Ledger::open(folder.path()).unwrap(), folder }
    }

    /// The first 60 digits, as images of 8 x 8 pixels.
    pub fn digits() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/digits.parquet");
        Self::of(&parquet(path).limit(60), tempfile::tempdir().unwrap())
    }

    /// Samples with four numbers, a note and a place: the lines of a CSV file after `id,a,b,c,d,note,place`.
    pub fn notes(lines: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.csv");
        std::fs::write(&path, format!("id,a,b,c,d,note,place\n{lines}")).unwrap();
        Self::of(&csv(&path).feature_columns(["a", "b", "c", "d"]), folder)
    }

    /// Asks questions of round 1, numbered from 1: anchor and candidates of each.
    pub fn ask(&self, questions: &[(u64, &[u64])]) -> Vec<Question> {
        let question = |(&(anchor, candidates), question): (&(u64, &[u64]), u64)| Question {
            question,
            round: 1,
            anchor: SampleId(anchor),
            candidates: SampleId::slice(candidates).to_vec(),
            strategy: "test".to_owned(),
            priority: 1.0 / question as f32,
        };
        let questions: Vec<_> = questions.iter().zip(1..).map(question).collect();
        self.ledger.ask(&questions).unwrap();
        questions
    }

    /// The answers that stand, in the order of question, annotator and candidate.
    pub fn standing(&self) -> Vec<Answer> {
        let rows = self.ledger.since(0).unwrap();
        let undone: Vec<u64> = rows.iter().filter_map(|row| row.undoes).collect();
        let stands = |sequence| !undone.contains(&sequence);
        let rows = rows.into_iter().filter(|row| row.undoes.is_none() && stands(row.sequence));
        let mut answers: Vec<Answer> = rows.map(|row| row.answer).collect();
        answers.sort_by_key(|answer| (answer.question, answer.annotator.clone(), answer.candidate));
        answers
    }

    /// What stands, as (question, annotator, candidate, related).
    pub fn said(&self) -> Vec<(u64, String, u64, Option<bool>)> {
        let said = |answer: Answer| (answer.question, answer.annotator, answer.candidate.0, answer.related);
        self.standing().into_iter().map(said).collect()
    }

    /// Serves the folder from a thread, until what is given back is dropped.
    pub fn serve(&self, change: impl FnOnce(&mut PageConfig)) -> Served {
        let mut settings = PageConfig { open: true, ..PageConfig::new("127.0.0.1:0") };
        change(&mut settings);
        let server = Server::bind(self.samples.clone(), self.ledger.clone(), settings).unwrap();
        let (address, link) = (format!("127.0.0.1:{}", server.address().port()), server.link());
        let invitation = server.invitation();
        let (stop, stopped) = oneshot::channel::<()>();
        let end = async { drop(stopped.await) };
        let thread = std::thread::spawn(move || Runtime::new().unwrap().block_on(server.run(end)).unwrap());
        Served { address, link, invitation, stop: Some(stop), thread: Some(thread) }
    }
}

/// A server on a thread.
pub struct Served {
    pub address: String,
    pub link: String,
    /// What whoever runs the server is told.
    pub invitation: String,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        self.thread.take().unwrap().join().unwrap();
    }
}
