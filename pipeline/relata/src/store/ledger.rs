//! Ledger of a run: its questions and answers.

use relata_active::ledger::Ledger;

use super::artifact::Artifact;
use super::error::{Result, StoreError};
use super::run::Run;

impl Run {
    /// The questions and answers of the run; an error if it never asked anything.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// let spent = Run::open("runs/asked")?.ledger()?.spent()?;
    /// println!("{spent} units");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn ledger(&self) -> Result<Ledger> {
        if !self.path(Artifact::Ledger).is_file() {
            return Err(StoreError::NotThere {
                folder: self.folder().to_path_buf(),
                what: "questions".to_owned(),
                hint: "Only a pipeline that asks, by `.ask(oracle, strategy.budget(..))`, has them: run one."
                    .to_owned(),
            });
        }
        Ok(Ledger::open(self.folder())?)
    }
}
