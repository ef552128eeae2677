//! `relata report`: what became of a run, as a page.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::Run;
use relata::report::report;
use relata::store::Artifact;
use relata_data::sink::write_atomically;

use crate::failure::Outcome;

/// Writes one HTML page about a run: its measurements over what the answers cost, what each round gained, who answered
/// and how well, the embeddings, some of the questions, and the worst contradictions with their samples.
///
/// Of several runs it shows the cost curves by strategy instead. The page needs no other file and no network.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata report runs/digits --output digits.html")]
pub struct Arguments {
    /// The folders that pipelines wrote.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
    /// The page [default: report.html in the run's folder, or here for several runs].
    #[arg(long, value_name = "FILE.html")]
    output: Option<PathBuf>,
}

/// Does what the arguments ask.
pub async fn run(arguments: Arguments) -> Outcome {
    let runs = arguments.runs.into_iter().map(Run::open).collect::<Result<Vec<_>, _>>()?;
    let default = || match &runs[..] {
        [run] => run.path(Artifact::Report),
        _ => PathBuf::from(Artifact::Report.name()),
    };
    let path = arguments.output.unwrap_or_else(default);
    write_atomically(&path, report(&runs).await?.as_bytes())?;
    Ok(writeln!(stdout(), "{}", path.display())?)
}
