//! Running a pipeline: progress, cancellation, the plan in words, and the run itself, with and without an async runtime.

use std::path::PathBuf;
use std::sync::Arc;

use super::explain::explain;
use super::pipeline::{Pipeline, Ready};
use crate::blocking::{RuntimeError, block_on};
use crate::cancel::Cancel;
use crate::error::Result;
use crate::progress::Progress;
use crate::stages;
use crate::store::Run;

impl Pipeline<Ready> {
    /// Who is told how the run goes; [`bars`](crate::progress::bars) for a terminal. By default nobody is: the library
    /// prints nothing.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let solved = Pipeline::read(csv("digits.csv")).relate(same_label("label")).solve(closed_form(Kernel::Linear, 8));
    /// let pipeline = solved.write("runs/digits").progress(bars());
    /// ```
    pub fn progress(mut self, progress: impl Progress + 'static) -> Self {
        self.spec.progress = Arc::new(progress);
        self
    }

    /// Where sorts and joins put what they do not hold in memory, if not in the folder of the run.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let solved = Pipeline::read(csv("digits.csv")).relate(same_label("label")).solve(closed_form(Kernel::Linear, 8));
    /// let pipeline = solved.write("runs/digits").spill_to("/scratch");
    /// ```
    pub fn spill_to(mut self, folder: impl Into<PathBuf>) -> Self {
        self.spec.spill = Some(folder.into());
        self
    }

    /// Stops the run when the token is cancelled: training after a checkpoint, asking at once, other stages when they are
    /// done. [`Cancel::on_ctrl_c`] is a token for programs.
    ///
    /// ```
    /// use relata::prelude::*;
    /// # let folder = tempfile::tempdir()?;
    /// # std::fs::write(folder.path().join("samples.csv"), "x,y,label\n0.0,0.1,0\n0.2,0.0,0\n5.1,5.0,1\n5.0,5.3,1\n")?;
    /// let related = Pipeline::read(csv(folder.path().join("samples.csv"))).relate(same_label("label"));
    /// let solved = related.solve(closed_form(Kernel::Linear, 1)).write(folder.path().join("run"));
    /// let cancel = Cancel::new();
    /// cancel.cancel();
    /// assert!(solved.cancel_with(cancel).run().is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn cancel_with(mut self, cancel: Cancel) -> Self {
        self.spec.cancel = cancel;
        self
    }

    /// The plan in words: stages, settings, schema of the inputs and expected sizes. An error if a setting makes no
    /// sense or an input is not there.
    ///
    /// Like [`run`](Self::run), it needs no async runtime, and may be called inside of one.
    ///
    /// ```
    /// use relata::prelude::*;
    /// # let folder = tempfile::tempdir()?;
    /// # std::fs::write(folder.path().join("samples.csv"), "x,y,label\n0.0,0.1,0\n0.2,0.0,0\n5.1,5.0,1\n5.0,5.3,1\n")?;
    /// let related = Pipeline::read(csv(folder.path().join("samples.csv"))).relate(same_label("label"));
    /// let pipeline = related.solve(closed_form(Kernel::Linear, 1)).write(folder.path().join("run"));
    /// assert!(pipeline.explain()?.contains("rows: 4"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(&self) -> Result<String> {
        self.spec.check()?;
        block_on(|| explain(&self.spec))?
    }

    /// Runs the pipeline. If the folder holds a run of the same plan that was stopped, it goes on where that was, and
    /// ends with the same embeddings; a run of another plan is refused.
    ///
    /// It works on the thread that calls it. Inside of an async runtime, which no thread may enter twice, it works on a thread
    /// of its own, and the calling thread waits: [`run_async`](Self::run_async) does not block it.
    ///
    /// ```
    /// use relata::prelude::*;
    /// let folder = tempfile::tempdir()?;
    /// std::fs::write(folder.path().join("samples.csv"), "x,y,label\n0.0,0.1,0\n0.2,0.0,0\n5.1,5.0,1\n5.0,5.3,1\n")?;
    /// let related = Pipeline::read(csv(folder.path().join("samples.csv"))).relate(same_label("label"));
    /// let run = related.solve(closed_form(Kernel::Linear, 2)).write(folder.path().join("run")).run()?;
    /// assert!(run.is_finished());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run(self) -> Result<Run> {
        block_on(|| stages::run(&self.spec))?
    }

    /// Like [`run`](Self::run), for async code: it must be called in a tokio runtime, and does the heavy work on one of its
    /// threads for blocking work. Dropping the future cancels the run, which leaves its folder a moment later; to wait for
    /// that, cancel it by a [`Cancel`] instead and await the future.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    /// # async fn example() -> relata::Result<Run> {
    /// let plan = Run::open("runs/digits")?.plan()?;
    /// Pipeline::from_plan(&plan)?.write("runs/again").run_async().await
    /// # }
    /// ```
    pub async fn run_async(self) -> Result<Run> {
        let mut spec = self.spec;
        spec.cancel = spec.cancel.child();
        let _dropped = CancelOnDrop(spec.cancel.clone());
        let runtime = tokio::runtime::Handle::current();
        let work = tokio::task::spawn_blocking(move || runtime.block_on(stages::run(&spec)));
        match work.await {
            Ok(outcome) => outcome,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(error) => Err(RuntimeError(std::io::Error::other(error)).into()),
            },
        }
    }
}

/// Cancels a run whose future is dropped; once the run has ended it changes nothing.
struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
