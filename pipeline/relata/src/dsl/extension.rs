//! Extension: a finished run and tomorrow's samples.

use std::path::PathBuf;
use std::sync::Arc;

use relata_data::source::Dataset;

use super::pipeline::{Pipeline, Read};
use crate::blocking::block_on;
use crate::cancel::Cancel;
use crate::error::Result;
use crate::progress::{Progress, Silent};
use crate::stages::{self, ExtendSpec};
use crate::store::Run;

/// A run that is to be extended; see [`Pipeline::extend`].
#[derive(Debug)]
#[must_use = "name the new samples by `with`"]
pub struct Extending {
    run: PathBuf,
}

/// A run and new samples, which want a folder.
#[derive(Debug)]
#[must_use = "name the folder of the new run by `write`"]
pub struct Unwritten {
    run: PathBuf,
    dataset: Dataset,
}

/// A run, new samples and the folder of the new run.
#[must_use = "nothing happens before `run`"]
pub struct Extension {
    spec: ExtendSpec,
}

impl std::fmt::Debug for Extension {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Extension({} to {})", self.spec.run.display(), self.spec.folder.display())
    }
}

impl Pipeline<Read> {
    /// Extends a finished run by new samples, into a run of its own, without training: the new samples are read by what was
    /// learned of the old ones, embedded by the same model, compared with the old and with each other, and decided about.
    ///
    /// What was decided before stays: entities keep their rows and their ids, and new samples join them or become new ones;
    /// only an answer takes an entity apart, and only new samples bring two together. Answers and weights are those of the
    /// run. Oracles that state relations unasked are heard about all samples.
    ///
    /// ```
    /// use relata::prelude::*;
    ///
    /// # let folder = tempfile::tempdir()?;
    /// # let path = |name: &str| folder.path().join(name);
    /// std::fs::write(path("old.csv"), "id,name,city\n1,ann miller,oslo\n2,anne miller,oslo\n3,bob stone,rome\n")?;
    /// std::fs::write(path("new.csv"), "id,name,city\n4,bob stone,rome\n5,cy young,lima\n")?;
    /// let people = Pipeline::read(csv(path("old.csv"))).views(2, corruptions()).relate(same_sample());
    /// let trained = people.train(fields([8]).with_dimension(4), nt_xent(0.1), Fit::epochs(1));
    /// let run = trained.decide(entities()).write(path("people")).run()?;
    ///
    /// let extended = Pipeline::extend(run.folder()).with(csv(path("new.csv"))).write(path("people-2")).run()?;
    /// assert_eq!(extended.samples()?.ids.rows(), 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn extend(run: impl Into<PathBuf>) -> Extending {
        Extending { run: run.into() }
    }
}

impl Extending {
    /// The new samples. Their columns are found by the names of the run's.
    pub fn with(self, dataset: impl Into<Dataset>) -> Unwritten {
        Unwritten { run: self.run, dataset: dataset.into() }
    }
}

impl Unwritten {
    /// The folder of the new run, which holds the old samples too.
    pub fn write(self, folder: impl Into<PathBuf>) -> Extension {
        let Self { run, dataset } = self;
        let (progress, cancel) = (Arc::new(Silent), Cancel::new());
        Extension { spec: ExtendSpec { run, dataset, folder: folder.into(), questions: 0, progress, cancel } }
    }
}

impl Extension {
    /// Asks the run's oracle about so many of the most doubtful pairs with a new sample first.
    pub fn ask(mut self, questions: usize) -> Self {
        self.spec.questions = questions;
        self
    }

    /// Who is told how it goes; [`bars`](crate::progress::bars) for a terminal.
    pub fn progress(mut self, progress: impl Progress + 'static) -> Self {
        self.spec.progress = Arc::new(progress);
        self
    }

    /// Stops when the token is cancelled, at the end of a stage. The same extension goes on where it was.
    pub fn cancel_with(mut self, cancel: Cancel) -> Self {
        self.spec.cancel = cancel;
        self
    }

    /// Does it. It works on the thread that calls it, and may be called inside of an async runtime.
    pub fn run(self) -> Result<Run> {
        block_on(|| stages::extend(&self.spec))?
    }
}
