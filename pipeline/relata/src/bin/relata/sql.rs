//! `relata sql`: questions about one or more runs, one at a time or at a prompt.

use std::env;
use std::io::{BufWriter, IsTerminal, stdout};
use std::path::{Path, PathBuf};

use relata::Run;
use relata::sql::{Access, Format, Writing, files_of, query_with, session, statements, write_result_with};
use relata_data::sink::{AtomicFile, not_an_input};

use crate::failure::{Failure, Outcome};
use crate::prompt::prompt;

/// Asks a question about one or more runs in SQL, or opens a prompt if there is no question.
///
/// The tables are samples, edges, memberships, separations, conflicts, oracle_accuracy, embeddings, metrics and scores (the last value of each
/// measure); with several runs, those of each are there as RUN.TABLE too; files are tables as well: 'file.parquet',
/// 'file.csv'. Several statements have a semicolon between them. A run that asks has questions, answers, standing (answers that were not taken back),
/// implied, rounds, bridges, annotators, oracles and cost_curve. nearest(embeddings, ID or VECTOR or TABLE, K) and
/// neighbours(ID [, 'all']) are table functions; `\\?` at the prompt lists all functions.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  relata sql runs/digits \"SELECT label, count(*) FROM embeddings GROUP BY label\"")]
pub struct Arguments {
    /// Folders that pipelines wrote, then the query. (The last argument is the query if it has a space in it and is
    /// no folder.)
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<String>,
    /// The query, instead of the last argument.
    #[arg(short, long, value_name = "QUERY")]
    query: Option<String>,
    /// table, csv, tsv, json (one object a line) or parquet [default: by the ending of the output file, or else table].
    #[arg(long)]
    format: Option<Format>,
    /// Writes the answer to a file instead of printing it.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Allows statements that write files (COPY, INSERT, CREATE EXTERNAL TABLE) or change settings; the folders of runs
    /// are never written to.
    #[arg(long)]
    write: bool,
    /// Leaves texts in csv and tsv as they are that a spreadsheet would take for a formula; otherwise they start with an
    /// apostrophe.
    #[arg(long)]
    raw: bool,
}

/// Does what the arguments ask.
pub async fn run(arguments: Arguments) -> Outcome {
    let (folders, text) = split(arguments.runs, arguments.query)?;
    let access = if arguments.write { Access::Write } else { Access::Read };
    let format = match (arguments.format, &arguments.output) {
        (Some(format), _) => format,
        (None, None) => Format::default(),
        (None, Some(path)) => Format::of_file(path).ok_or_else(|| {
            let message = "no format has this ending: use .csv, .tsv, .json, .jsonl or .parquet, or name the format";
            Failure::Usage(format!("`{}`: {message} with --format", path.display()))
        })?,
    };
    let runs = folders.into_iter().map(Run::open).collect::<Result<Vec<_>, _>>()?;
    let Some(text) = text else {
        if arguments.output.is_some() || arguments.format.is_some() {
            return Err(Failure::Usage("--format and --output need a query".to_owned()));
        }
        return Ok(prompt(session(&runs).await?, access, history()).await?);
    };
    if arguments.output.is_none() && format == Format::Parquet && stdout().is_terminal() {
        return Err(Failure::Usage("Parquet is nothing to look at: add --output FILE.parquet".to_owned()));
    }
    let (session, all) = (session(&runs).await?, statements(&text));
    match &arguments.output {
        None => {
            if all.len() > 1 && format == Format::Parquet {
                return Err(Failure::Usage("a Parquet file is the answer to one statement".to_owned()));
            }
            let writing = Writing { raw: arguments.raw, ..Writing::default() };
            for statement in all {
                let frame = query_with(&session, &statement, access).await?;
                tell_formulas(write_result_with(frame, format, writing, BufWriter::new(stdout())).await?.formulas);
            }
        }
        Some(path) => {
            let [statement] = &all[..] else {
                return Err(Failure::Usage(format!(
                    "--output takes the answer to one statement, not to {}",
                    all.len()
                )));
            };
            not_an_input(path, &files_of(&session, statement))?;
            let frame = query_with(&session, statement, access).await?;
            let mut file = AtomicFile::create(path)?;
            let writing = Writing { table_rows: usize::MAX, raw: arguments.raw };
            tell_formulas(write_result_with(frame, format, writing, &mut file).await?.formulas);
            file.commit()?;
        }
    }
    Ok(())
}

/// The runs and the query. Text with a space in it is a query, for every query has one, unless it is a folder.
fn split(mut runs: Vec<String>, query: Option<String>) -> Result<(Vec<String>, Option<String>), Failure> {
    let is_query = |text: &String| text.contains(char::is_whitespace) && !Path::new(text).is_dir();
    let query = query.or_else(|| runs.pop_if(|last| is_query(last)));
    match (runs.is_empty(), runs.iter().find(|text| is_query(text))) {
        (true, _) => Err(Failure::Usage("name a run before the query: relata sql RUN \"SELECT ...\"".to_owned())),
        (_, Some(text)) => Err(Failure::Usage(format!("`{text}` is neither a run nor the last argument"))),
        _ => Ok((runs, query)),
    }
}

/// Says that texts are not what they were.
fn tell_formulas(count: u64) {
    if count > 0 {
        eprintln!(
            "{count} texts that a spreadsheet would take for a formula start with an apostrophe; --raw leaves them."
        );
    }
}

/// Where the prompt keeps its history; a folder that cannot be made costs the history, not the prompt.
fn history() -> PathBuf {
    let state = env::var_os("XDG_STATE_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let state = state.or_else(|| env::home_dir().map(|home| home.join(".local/state")));
    let folder = state.unwrap_or_else(env::temp_dir).join("relata");
    let _ = std::fs::create_dir_all(&folder);
    folder.join("history")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn the_last_argument_is_the_query_if_it_looks_like_one() {
        let query = "SELECT 1".to_owned();
        assert_eq!(split(words(&["a", "b", &query]), None).unwrap(), (words(&["a", "b"]), Some(query.clone())));
        assert_eq!(split(words(&["a", "b"]), None).unwrap(), (words(&["a", "b"]), None));
        assert_eq!(split(words(&["a"]), Some(query.clone())).unwrap(), (words(&["a"]), Some(query.clone())));
        let folder = tempfile::Builder::new().prefix("my run").tempdir().unwrap();
        let spaced = folder.path().display().to_string();
        assert_eq!(split(words(&["a", &spaced]), None).unwrap(), (words(&["a", &spaced]), None));
    }

    #[test]
    fn a_query_without_a_run_or_before_one_is_refused() {
        assert!(matches!(split(words(&["SELECT 1"]), None), Err(Failure::Usage(_))));
        assert!(matches!(split(words(&["SELECT 1", "a"]), None), Err(Failure::Usage(_))));
    }
}
