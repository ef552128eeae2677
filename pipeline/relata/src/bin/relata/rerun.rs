//! `relata rerun`: the pipeline of a run again, with other settings, without a compiler.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::Run;
use relata::prelude::{Cancel, Pipeline, bars};

use crate::failure::Outcome;
use crate::setting::setting;

/// Runs the pipeline of a run again, into another folder, with some of its settings changed. Oracles, encoders, views,
/// strategies and losses that are not built in are refused by name.
///
/// `relata plan RUN --json` shows the settings and their paths.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata rerun runs/digits --write runs/longer --set train.fit.epochs=50")]
pub struct Arguments {
    /// The folder that a pipeline wrote.
    run: PathBuf,
    /// The folder of the new run.
    #[arg(long, value_name = "FOLDER")]
    write: PathBuf,
    /// A setting of the plan, by its path, and its new value; may be given several times.
    #[arg(long, value_name = "PATH=VALUE", value_parser = setting)]
    set: Vec<(String, String)>,
    /// Shows no progress.
    #[arg(long)]
    quiet: bool,
}

/// Does what the arguments ask.
pub async fn run(arguments: Arguments) -> Outcome {
    let plan = Run::open(&arguments.run)?.plan()?.with_settings(&arguments.set)?;
    let pipeline = Pipeline::from_plan(&plan)?.write(&arguments.write).cancel_with(Cancel::on_ctrl_c());
    let pipeline = if arguments.quiet { pipeline } else { pipeline.progress(bars()) };
    let run = pipeline.run_async().await?;
    Ok(writeln!(stdout(), "{}", run.folder().display())?)
}
