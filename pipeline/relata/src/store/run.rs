//! Run: the folder in which its tables, checkpoints and plots lie.

use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use relata_data::ParquetFile;
use relata_data::source::Samples;

use super::artifact::Artifact;
use super::error::{Result, StoreError};
use super::plan::Plan;

/// A run on disk, finished or not.
#[derive(Debug, Clone)]
pub struct Run {
    folder: PathBuf,
}

impl Run {
    /// Opens the run in `folder`.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # std::fs::write(folder.path().join("samples.csv"), "x,y,label\n0.0,0.1,0\n0.2,0.0,0\n5.1,5.0,1\n5.0,5.3,1\n")?;
    /// # let related = Pipeline::read(csv(folder.path().join("samples.csv"))).relate(same_label("label"));
    /// # related.solve(closed_form(Kernel::Linear, 2)).write(folder.path().join("run")).run()?;
    /// let run = Run::open(folder.path().join("run"))?;
    /// assert_eq!(run.name(), "run");
    /// assert!(run.plan()?.solve.is_some());
    /// assert!(Run::open(folder.path().join("elsewhere")).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self> {
        let run = Self::at(folder);
        run.plan()?;
        Ok(run)
    }

    /// The run that a pipeline keeps in `folder`, which need not exist yet.
    pub(crate) fn at(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder's name.
    pub fn name(&self) -> String {
        let whole = self.folder.canonicalize().unwrap_or_else(|_| self.folder.clone());
        whole.file_name().map_or_else(|| "run".to_owned(), |name| name.to_string_lossy().into_owned())
    }

    /// The plan.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// let plan = Run::open("runs/digits")?.plan()?;
    /// println!("{plan}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn plan(&self) -> Result<Plan> {
        Plan::read(&self.path(Artifact::Plan))?.ok_or_else(|| StoreError::NotThere {
            folder: self.folder.clone(),
            what: Artifact::Plan.name().to_owned(),
            hint: "It is not the folder of a run: name the folder that a pipeline wrote.".to_owned(),
        })
    }

    /// Writes the plan down, or refuses to if the run has another one; more budget for questions is no other plan, nor is
    /// another oracle that nobody has answered for yet.
    pub(crate) fn claim(&self, plan: &Plan) -> Result<()> {
        let path = self.path(Artifact::Plan);
        match Plan::read(&path)? {
            None => plan.write(&path),
            // What is written counts: how often a fit saves checkpoints is free to change from run to run.
            Some(old) => match old.difference(plan) {
                difference if difference.is_empty() => Ok(()),
                _ if self.takes_more_budget(&old, plan)? || self.takes_another_oracle(&old, plan)? => plan.write(&path),
                difference => Err(StoreError::PlanChanged { folder: self.folder.clone(), difference }),
            },
        }
    }

    /// The path of an [`Artifact`], or of anything else in the folder.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    /// use relata::store::Artifact;
    ///
    /// let plots = Run::open("runs/digits")?.path(Artifact::Plots);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn path(&self, artifact: impl AsRef<Path>) -> PathBuf {
        self.folder.join(artifact)
    }

    /// The path of a file of the run that must be there.
    pub fn existing(&self, artifact: impl AsRef<Path>) -> Result<PathBuf> {
        let path = self.path(&artifact);
        if path.exists() {
            return Ok(path);
        }
        Err(StoreError::NotThere {
            folder: self.folder.clone(),
            what: artifact.as_ref().display().to_string(),
            hint: "The run has not come that far: run the pipeline again to finish it.".to_owned(),
        })
    }

    /// The embeddings, in Parquet.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// let path = Run::open("runs/digits")?.embeddings();
    /// assert!(path.ends_with("embeddings.parquet"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn embeddings(&self) -> PathBuf {
        self.path(Artifact::Embeddings)
    }

    /// Ids and features.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// let samples = Run::open("runs/digits")?.samples()?;
    /// println!("{} rows of {}", samples.ids.rows(), samples.features.shape());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn samples(&self) -> Result<Samples> {
        Ok(Samples::open(&self.folder)?)
    }

    /// Whether the pipeline has run to its end.
    pub fn is_finished(&self) -> bool {
        self.path(Artifact::Metrics).exists()
    }

    /// The round of a number, as a run of its own.
    pub(crate) fn round(&self, number: u32) -> Self {
        Self::at(self.path(Artifact::Rounds).join(number.to_string()))
    }

    /// The rounds that are finished, in order, each as a run of its own; the first is before any question.
    pub(crate) fn finished_rounds(&self) -> impl DoubleEndedIterator<Item = Self> + use<> {
        let rounds = (0u32..).map(|number| self.round(number)).take_while(|round| round.folder().is_dir());
        rounds.filter(Self::is_finished).collect::<Vec<_>>().into_iter()
    }

    /// The run that has an artifact now: this one, or, while its rounds are being asked, the last finished round that has it.
    pub(crate) fn latest(&self, artifact: Artifact) -> Option<Self> {
        let has = |run: &Self| run.path(artifact).exists();
        if has(self) {
            return Some(self.clone());
        }
        self.finished_rounds().rev().find(has)
    }

    /// All rows of a small table.
    pub(crate) fn read(&self, artifact: Artifact) -> Result<Vec<RecordBatch>> {
        Ok(ParquetFile::open(&self.existing(artifact)?)?.whole()?)
    }
}
