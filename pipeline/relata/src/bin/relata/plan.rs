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
}

/// Does what the arguments ask.
pub fn run(arguments: &Arguments) -> Outcome {
    let plan = Run::open(&arguments.run)?.plan()?;
    Ok(write!(stdout(), "{plan}")?)
}
