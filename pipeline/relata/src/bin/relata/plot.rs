//! `relata plot`: the pictures of a run, drawn again.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::Run;

use crate::failure::Outcome;

/// Draws the training loss, the other metrics and the embeddings (their first two principal components, and their
/// neighbourhoods by t-SNE) of a finished run, as SVG and PNG, and prints the paths of the pictures.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata plot runs/digits --label label --output pictures")]
pub struct Arguments {
    /// The folder that a pipeline wrote.
    run: PathBuf,
    /// The column that colours the embeddings [default: the label of the run's first evaluation, or else one colour].
    #[arg(long, value_name = "COLUMN")]
    label: Option<String>,
    /// Where the pictures go [default: the run's folder `plots`].
    #[arg(long, value_name = "FOLDER")]
    output: Option<PathBuf>,
}

/// Does what the arguments ask.
pub fn run(arguments: &Arguments) -> Outcome {
    let drawn = Run::open(&arguments.run)?.plot(arguments.label.as_deref(), arguments.output.as_deref())?;
    for path in drawn {
        writeln!(stdout(), "{}", path.display())?;
    }
    Ok(())
}
