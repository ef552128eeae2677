//! The ledger in a folder: of a run, or of what is left of one.

use std::path::Path;

use relata::Run;
use relata_active::ledger::{FILE, Ledger};

use crate::failure::Failure;

/// Opens the ledger of a run, or, where nothing else of the run can be read, the ledger alone: answers are paid for.
pub fn any_ledger(folder: &Path) -> Result<Ledger, Failure> {
    match Run::open(folder) {
        Ok(run) => Ok(run.ledger()?),
        Err(_) if folder.join(FILE).is_file() => Ok(Ledger::open(folder)?),
        Err(error) => Err(error.into()),
    }
}
