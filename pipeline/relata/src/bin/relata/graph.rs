//! `relata graph`: what the graph of a run looks like.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::Run;

use crate::failure::Outcome;

/// Shows what the graph of a run looks like: nodes, edges, groups, components, degrees and conflicts.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata graph runs/digits")]
pub struct Arguments {
    /// The folder that a pipeline wrote.
    run: PathBuf,
    /// Prints one JSON object instead of a table.
    #[arg(long)]
    json: bool,
}

/// Does what the arguments ask.
pub fn run(arguments: &Arguments) -> Outcome {
    let statistics = Run::open(&arguments.run)?.graph_statistics()?;
    if arguments.json {
        writeln!(stdout(), "{}", serde_json::to_string(&statistics)?)?;
    } else {
        write!(stdout(), "{statistics}")?;
    }
    Ok(())
}
