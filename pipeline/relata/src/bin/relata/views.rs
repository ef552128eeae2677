//! `relata views`: what the model sees.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::Run;

use crate::failure::Outcome;

/// Draws training samples beside their views, as the model sees them, on one picture: every line is a sample (in a
/// frame) and its views.
///
/// Look at it before you train for long: a view that destroys what matters is seen sooner than measured.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata views runs/digits --samples 16 --output views.png")]
pub struct Arguments {
    /// The folder that a pipeline wrote.
    run: PathBuf,
    /// The number of samples, evenly spaced over the training rows.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=256))]
    samples: u16,
    /// The epoch whose views are shown.
    #[arg(long, value_name = "E", default_value_t = 0)]
    epoch: u64,
    /// The picture [default: plots/views.png in the run's folder].
    #[arg(long, value_name = "FILE.png")]
    output: Option<PathBuf>,
}

/// Does what the arguments ask.
pub async fn run(arguments: &Arguments) -> Outcome {
    let run = Run::open(&arguments.run)?;
    let path = run.draw_views(arguments.samples.into(), arguments.epoch, arguments.output.as_deref()).await?;
    Ok(writeln!(stdout(), "{}", path.display())?)
}
