//! Small datasets, and somewhere to write answers.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use image::{Rgb, RgbImage};
use relata_data::index::SampleId;
use relata_data::source::{Dataset, Samples, csv, image_folder, ingest, session};
use relata_data::{DataError, Session, query};
use relata_oracle::{Answer, Context, Oracle, Question, Record, Result};
use tempfile::TempDir;

/// A dataset in a folder of its own.
pub struct Fixture {
    _folder: TempDir,
    session: Session,
    samples: Samples,
}

impl Fixture {
    /// Twenty samples of two features, with the columns `city`, `sold`, `price` and `label`.
    pub async fn table() -> Self {
        let city = |id| if id == 3 { "" } else { "Bern \"west\"" };
        let line =
            |id: usize| format!("{id},{}.5,-0.1,{},{},{}.25,secret label\n", id, city(id), id.is_multiple_of(2), id);
        let text = format!("id,x,y,city,sold,price,label\n{}", (0..20).map(line).collect::<String>());
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("samples.csv");
        std::fs::write(&file, text).unwrap();
        Self::of(folder, csv(file).feature_columns(["x", "y"])).await
    }

    /// A sample for each text, in the column `note`.
    pub async fn texts(texts: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("samples.csv");
        let line = |(id, text): (usize, &&str)| format!("{id},{id}.5,\"{text}\"\n");
        let lines: String = texts.iter().enumerate().map(line).collect();
        std::fs::write(&file, format!("id,x,note\n{lines}")).unwrap();
        Self::of(folder, csv(file).feature_columns(["x"])).await
    }

    /// Four colour pictures, of 3 x 2 pixels each.
    pub async fn pictures() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for number in 0..4 {
            let class = folder.path().join(format!("images/class {}", number / 2));
            std::fs::create_dir_all(&class).unwrap();
            Self::picture(number).save(class.join(format!("{number}.png"))).unwrap();
        }
        let images = image_folder(folder.path().join("images"));
        Self::of(folder, images).await
    }

    /// The picture with this id.
    pub fn picture(id: u32) -> RgbImage {
        RgbImage::from_fn(3, 2, |x, y| Rgb([(id * 50 + x * 20) as u8, (y * 200) as u8, 7]))
    }

    async fn of(folder: TempDir, dataset: impl Into<Dataset>) -> Self {
        let session = session();
        let samples = ingest(&dataset.into(), &session, folder.path(), &mut |_| {}).await.unwrap();
        let path = samples.samples_path.display().to_string();
        query::register_parquet(&session, "samples", &path).await.unwrap();
        Self { _folder: folder, session, samples }
    }

    /// The result, and what was written down until then.
    pub async fn ask(&self, oracle: &dyn Oracle, questions: &[Question]) -> (Result<()>, Vec<Answer>) {
        let notes = Notes::default();
        let result = self.ask_into(oracle, questions, &notes).await;
        (result, notes.answers.into_inner().unwrap())
    }

    /// Asks, and writes down wherever the test likes.
    pub async fn ask_into(&self, oracle: &dyn Oracle, questions: &[Question], out: &dyn Record) -> Result<()> {
        let context = Context::new(&self.session, &self.samples, 7);
        oracle.answer(&context, questions, out).await
    }
}

/// Question `number` about `anchor`.
pub fn question(number: u64, anchor: u64, candidates: &[u64]) -> Question {
    let (anchor, candidates) = (SampleId(anchor), SampleId::slice(candidates).to_vec());
    Question { question: number, round: 1, anchor, candidates, strategy: "test".to_owned(), priority: 0.0 }
}

/// Question, candidate and answer, sorted.
pub fn said(answers: &[Answer]) -> Vec<(u64, u64, Option<bool>)> {
    let mut said: Vec<_> = answers.iter().map(|a| (a.question, a.candidate.0, a.related)).collect();
    said.sort_unstable();
    said
}

/// Somewhere to write down, which may be busy for a while.
#[derive(Default)]
pub struct Notes {
    pub answers: Mutex<Vec<Answer>>,
    pub busy: AtomicU32,
    folder: PathBuf,
}

impl Record for Notes {
    fn record(&self, answers: &[Answer]) -> Result<()> {
        if self.busy.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok() {
            return Err(DataError::io("answers.sqlite")(std::io::ErrorKind::ResourceBusy.into()).into());
        }
        self.answers.lock().unwrap().extend_from_slice(answers);
        Ok(())
    }

    fn folder(&self) -> &Path {
        &self.folder
    }
}
