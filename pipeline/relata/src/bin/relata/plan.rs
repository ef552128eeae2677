//! `relata plan`: what a run was asked to do.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::Run;

use crate::failure::Outcome;

/// Shows what a run was asked to do: its stages with their settings, and its input files.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata plan runs/digits")]
pub struct Arguments {
    /// The folder that a pipeline wrote.
    run: PathBuf,
    /// Prints JSON, as in the run's run.json.
    #[arg(long)]
    json: bool,
}

/// Does what the arguments ask.
pub fn run(arguments: &Arguments) -> Outcome {
    let plan = Run::open(&arguments.run)?.plan()?;
    match arguments.json {
        true => Ok(writeln!(stdout(), "{}", serde_json::to_string_pretty(&plan)?)?),
        false => Ok(write!(stdout(), "{plan}")?),
    }
}
