//! `relata audit`: whether the questions and answers of a run are what was written.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata_active::ledger::Seal;

use crate::any_ledger::any_ledger;
use crate::failure::{Failure, Outcome};

/// Computes the hash chain over all questions and answers of a run again, compares the triggers that keep rows from being
/// changed, and prints the last seal.
///
/// Who can write the file can also make a whole new chain: keep the printed seal elsewhere, and give it to a later audit,
/// which tells whether everything up to it is unchanged.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata audit runs/digits")]
pub struct Arguments {
    /// The folder that a pipeline wrote, or one with the file answers.sqlite.
    run: PathBuf,
    /// A seal that an earlier audit printed.
    #[arg(long, value_name = "ROWS:HASH")]
    seal: Option<Seal>,
}

/// Does what the arguments ask.
pub fn run(arguments: &Arguments) -> Outcome {
    let ledger = any_ledger(&arguments.run)?;
    let audit = ledger.audit()?;
    writeln!(stdout(), "{} questions, {} answers", audit.questions, audit.answers)?;
    if let Some(seal) = audit.seal {
        writeln!(stdout(), "seal {seal}")?;
    }
    let mut findings = audit.findings;
    if let Some(seal) = &arguments.seal
        && !ledger.holds(seal)?
    {
        findings.push(format!("the first {} rows are not those of the given seal", seal.rows));
    }
    if findings.is_empty() {
        return Ok(writeln!(stdout(), "as they were written")?);
    }
    Err(Failure::Measured(format!("the ledger was changed: {}", findings.join("; "))))
}
