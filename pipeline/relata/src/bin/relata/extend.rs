//! `relata extend`: tomorrow's samples beside those of a finished run.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::Run;
use relata::prelude::{Cancel, Pipeline, bars};

use crate::failure::Outcome;
use crate::new_samples::new_samples;

/// Extends a finished run by new samples, into another folder, without training: they are embedded by the run's model,
/// compared with the old ones and with each other, and decided about.
///
/// Entities keep their rows and ids; new samples join them or become new ones. Answers that were given stay.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata extend runs/people --data new.csv --output runs/people-2")]
pub struct Arguments {
    /// The folder that a pipeline, or `relata extend`, wrote.
    run: PathBuf,
    /// The samples, as for `relata embed`. Their columns are found by the names of the run's.
    #[arg(long, value_name = "FILE")]
    data: PathBuf,
    /// The column of unique ids [default: that of the run, else `id`, else numbering goes on].
    #[arg(long, value_name = "COLUMN")]
    id: Option<String>,
    /// Questions to ask the run's oracle about the most doubtful pairs with a new sample.
    #[arg(long, value_name = "QUESTIONS", default_value_t = 0)]
    ask: usize,
    /// The folder of the new run.
    #[arg(long, value_name = "FOLDER")]
    output: PathBuf,
    /// Shows no progress.
    #[arg(long)]
    quiet: bool,
}

/// Does what the arguments ask.
pub fn run(arguments: Arguments) -> Outcome {
    let run = Run::open(&arguments.run)?;
    let dataset = new_samples(&run, &arguments.data, vec![], arguments.id)?;
    let extension = Pipeline::extend(&arguments.run).with(dataset).write(&arguments.output);
    let extension = extension.ask(arguments.ask).cancel_with(Cancel::on_ctrl_c());
    let extension = if arguments.quiet { extension } else { extension.progress(bars()) };
    Ok(writeln!(stdout(), "{}", extension.run()?.folder().display())?)
}
