//! The command `relata`: questions about runs and about files of embeddings. Pipelines themselves are written in Rust.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access_arguments;
mod any_ledger;
mod ask;
mod ask_settings;
mod audit;
mod check;
mod edge_arguments;
mod embed;
mod explain;
mod export;
mod extend;
mod failure;
mod graph;
mod import;
mod interchange;
mod log;
mod lookup;
mod new_samples;
mod plan;
mod plot;
mod probe;
mod prompt;
mod report;
mod rerun;
mod score;
mod serve;
mod setting;
mod sql;
mod values;
mod views;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser, Subcommand};

use failure::{Failure, Outcome};
use relata::sql::printable;

/// Looks into runs of Relata, and works on embeddings that anybody made.
///
/// A run is the folder that a pipeline wrote. Pipelines are written in Rust: `cargo run --release --example digits` is
/// one.
#[derive(Debug, Parser)]
#[command(name = "relata", version, after_help = "Example:\n  relata sql runs/digits \"SELECT * FROM metrics\"")]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    Sql(sql::Arguments),
    Probe(probe::Arguments),
    Score(score::Arguments),
    Graph(graph::Arguments),
    Views(views::Arguments),
    Plot(plot::Arguments),
    Embed(embed::Arguments),
    Extend(extend::Arguments),
    Lookup(lookup::Arguments),
    Serve(serve::Arguments),
    Explain(explain::Arguments),
    Plan(plan::Arguments),
    Rerun(rerun::Arguments),
    Ask(ask::Arguments),
    Export(export::Arguments),
    Import(import::Arguments),
    Report(report::Arguments),
    Check(check::Arguments),
    Audit(audit::Arguments),
}

impl Verb {
    async fn run(self) -> Outcome {
        match self {
            Self::Sql(arguments) => sql::run(arguments).await,
            Self::Probe(arguments) => probe::run(&arguments),
            Self::Score(arguments) => score::run(&arguments).await,
            Self::Graph(arguments) => graph::run(&arguments),
            Self::Views(arguments) => views::run(&arguments).await,
            Self::Plot(arguments) => plot::run(&arguments),
            Self::Embed(arguments) => embed::run(arguments).await,
            Self::Extend(arguments) => extend::run(arguments),
            Self::Lookup(arguments) => lookup::run(arguments).await,
            Self::Serve(arguments) => serve::run(arguments).await,
            Self::Explain(arguments) => explain::run(arguments).await,
            Self::Plan(arguments) => plan::run(&arguments),
            Self::Rerun(arguments) => rerun::run(arguments).await,
            Self::Ask(arguments) => ask::run(arguments).await,
            Self::Export(arguments) => export::run(&arguments),
            Self::Import(arguments) => import::run(&arguments),
            Self::Report(arguments) => report::run(arguments).await,
            Self::Check(arguments) => check::run(&arguments),
            Self::Audit(arguments) => audit::run(&arguments),
        }
    }
}

fn main() -> ExitCode {
    let command = Command::parse_from(std::env::args_os().map(statement));
    // Nobody else sets one in this process.
    let _ = tracing::subscriber::set_global_default(log::StandardError);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let outcome = runtime.map_err(Failure::from).and_then(|runtime| runtime.block_on(command.verb.run()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => Command::command().error(ErrorKind::ValueValidation, message).exit(),
        Err(failure) if failure.reader_has_left() => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {}", printable(&failure.to_string()));
            ExitCode::FAILURE
        }
    }
}

/// A statement that begins with a comment, `-- first\nSELECT 1`, would be taken for an option: no option has a blank
/// before its value, and a statement may begin with one.
fn statement(argument: OsString) -> OsString {
    let is_statement = argument.to_str().is_some_and(|text| {
        let option = text.split('=').next().unwrap_or(text);
        text.starts_with("--") && option.contains(char::is_whitespace)
    });
    if !is_statement {
        return argument;
    }
    let mut statement = OsString::from(" ");
    statement.push(argument);
    statement
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn a_statement_may_begin_with_a_comment() {
        let arguments = ["relata", "sql", "run", "-- first\nSELECT 1", "--format", "csv", "--output=a b.csv"];
        let command = Command::parse_from(arguments.map(|argument| statement(argument.into())));
        let Verb::Sql(sql) = command.verb else { panic!("another verb") };
        assert!(format!("{sql:?}").contains(r#"["run", " -- first\nSELECT 1"]"#), "{sql:?}");
        assert!(format!("{sql:?}").contains("a b.csv"), "{sql:?}");
    }

    #[test]
    fn the_command_line_is_consistent_and_every_verb_has_an_example() {
        let mut command = Command::command();
        command.build();
        command.clone().debug_assert();
        for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help") {
            let help = verb.clone().render_long_help().to_string();
            let example = |title: &str| help.contains(&format!("{title}:\n  relata {} ", verb.get_name()));
            assert!(example("Example") || example("Examples"), "{help}");
        }
    }
}
