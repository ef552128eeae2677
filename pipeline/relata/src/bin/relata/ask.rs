//! `relata ask`: the page on which people answer the open questions of a run.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::Run;
use relata_annotate::serve;

use crate::access_arguments::AccessArguments;
use crate::ask_settings;
use crate::failure::Outcome;

/// Serves a web page on which people answer the open questions of a run, until Ctrl-C. Every answer is on disk before
/// the page says so.
///
/// A pipeline that asks `person(..)` serves its own page while it runs; this one is for a run that was stopped, or for
/// questions that wait for answers from elsewhere. People need a token, which is part of the link.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata ask runs/digits --address 0.0.0.0:7878 --columns note")]
pub struct Arguments {
    /// The folder that a pipeline wrote.
    run: PathBuf,
    /// Host and port to listen on.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:7878")]
    address: String,
    #[command(flatten)]
    access: AccessArguments,
    /// Lets only people who are named so answer, each by a link of their own; may be given several times. With the same
    /// --token the links are the same another day.
    #[arg(long, value_name = "NAME", conflicts_with = "without_token")]
    invite: Vec<String>,
    /// How many people answer each question [default: as the run asks].
    #[arg(long, value_name = "N")]
    annotators: Option<usize>,
    /// The samples' columns to show, with commas between them [default: as the run asks].
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    columns: Vec<String>,
}

/// Does what the arguments ask.
pub async fn run(arguments: Arguments) -> Outcome {
    let run = Run::open(&arguments.run)?;
    let ledger = run.ledger()?;
    let mut settings = ask_settings::page(arguments.address, run.plan()?.ask.as_ref())?;
    if let Some(annotators) = arguments.annotators {
        settings.annotators = annotators;
    }
    if !arguments.columns.is_empty() {
        settings.show = arguments.columns;
    }
    settings.token = arguments.access.token();
    settings.open = arguments.access.without_token;
    settings.invited = arguments.invite;
    settings.tls = arguments.access.tls();
    let (annotators, folder) = (settings.annotators, run.folder().display());
    settings.check()?;
    if ledger.unanswered(annotators)?.is_empty() {
        let next = match run.is_finished() {
            true => "The run is finished; a pipeline with a larger budget that writes to another folder asks more.",
            false => "Run its pipeline again: it learns from the answers and asks the next round.",
        };
        return Ok(writeln!(stdout(), "Every question of {folder} has its answers. {next}")?);
    }
    let before = ledger.since(0)?.last().map_or(0, |row| row.sequence);
    let announce = |link: &str| eprintln!("{link}");
    serve(run.samples()?, ledger.clone(), settings, announce, until_ctrl_c()).await?;
    let (new, open) = (ledger.since(before)?.len(), ledger.unanswered(annotators)?.len());
    let next = if open == 0 { ask_settings::next_step(&run) } else { "Go on with the same command.".to_owned() };
    Ok(writeln!(stdout(), "{new} answers written down, {open} questions open. {next}")?)
}

/// Until somebody presses Ctrl-C, or the process is asked to end in another way.
pub async fn until_ctrl_c() {
    // Without a signal to wait for, the page is served until the process is ended.
    if !relata::signal::ended().await {
        std::future::pending::<()>().await;
    }
}
