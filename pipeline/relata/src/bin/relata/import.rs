//! `relata import`: answers, or questions, from elsewhere.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write, stdout};
use std::path::{Path, PathBuf};

use relata::Run;
use relata_active::ActiveError;
use relata_active::ledger::label_studio::{ImportedResults, import_results};
use relata_active::ledger::{Imported, Ledger, export_answers, export_questions, import_answers, import_questions};
use relata_data::DataError;
use serde_json::Value;

use crate::ask_settings;
use crate::failure::{Failure, Outcome};
use crate::interchange::Interchange;

/// Takes answers that were given elsewhere into a run: JSON lines, or an export of Label Studio (JSON, JSON-MIN, CSV or
/// TSV). A file of questions in JSON lines is taken in as well, and so is the ledger of another run or a copy of one
/// (answers.sqlite), questions and answers.
///
/// What the run has already is passed over, and either all or nothing is taken in. Answers in JSON lines need no more
/// than "question", "candidate" and "related" (null is a pass).
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata import runs/digits project-1.json --format label-studio")]
pub struct Arguments {
    /// The folder that a pipeline wrote.
    run: PathBuf,
    /// The file.
    file: PathBuf,
    /// The format.
    #[arg(long, default_value = "jsonl")]
    format: Interchange,
    /// Who gave the answers, where the file does not say so [default: imported, or label-studio].
    #[arg(long, value_name = "NAME")]
    oracle: Option<String>,
}

/// Does what the arguments ask.
pub fn run(arguments: &Arguments) -> Outcome {
    let run = Run::open(&arguments.run)?;
    let (ledger, file) = (run.ledger()?, arguments.file.as_path());
    let oracle = |default: &str| arguments.oracle.clone().unwrap_or_else(|| default.to_owned());
    let (what, imported) = match arguments.format {
        Interchange::LabelStudio => {
            let cost = ask_settings::page(String::new(), run.plan()?.ask.as_ref())?.cost;
            let ImportedResults { answers, left_out } = import_results(&ledger, file, &oracle("label-studio"), cost)?;
            if !left_out.is_empty() {
                eprintln!("Passed over: {left_out}.");
            }
            ("answers", answers)
        }
        Interchange::Jsonl if is_ledger(file)? => ("answers", import_ledger(&run, &ledger, file, &oracle("imported"))?),
        Interchange::Jsonl if is_array(file)? => {
            let message = "one JSON array is no JSON lines: for an export of Label Studio, add --format label-studio";
            return Err(Failure::Usage(format!("`{}`: {message}", file.display())));
        }
        Interchange::Jsonl if has_questions(file)? => {
            if arguments.oracle.is_some() {
                return Err(Failure::Usage(format!("`{}` has questions, which have no --oracle", file.display())));
            }
            let ids = run.samples()?.ids;
            ("questions", import_questions(&ledger, file, &|id| ids.row(id).is_some())?)
        }
        Interchange::Jsonl => ("answers", import_answers(&ledger, file, &oracle("imported"))?),
    };
    writeln!(stdout(), "{} {what} taken in, {} were there already", imported.new, imported.known)?;
    if imported.differing > 0 {
        let count = imported.differing;
        eprintln!("{count} of these say something else than what their annotators said, which stands.");
    }
    if imported.new > 0 && what == "answers" {
        eprintln!("{}", ask_settings::next_step(&run));
    }
    Ok(())
}

/// Whether the first character is that of an array.
fn is_array(file: &Path) -> Result<bool, DataError> {
    let opened = BufReader::new(File::open(file).map_err(DataError::io(file))?);
    for byte in opened.bytes() {
        match byte.map_err(DataError::io(file))? {
            blank if blank.is_ascii_whitespace() => {}
            first => return Ok(first == b'['),
        }
    }
    Ok(false)
}

/// Whether a file is a database of SQLite.
fn is_ledger(file: &Path) -> Result<bool, DataError> {
    let mut start = Vec::new();
    let opened = File::open(file).map_err(DataError::io(file))?;
    opened.take(16).read_to_end(&mut start).map_err(DataError::io(file))?;
    Ok(start == b"SQLite format 3\0")
}

/// Takes in what another ledger has, by way of JSON lines.
fn import_ledger(run: &Run, ledger: &Ledger, file: &Path, oracle: &str) -> Result<Imported, Failure> {
    let folder = tempfile::tempdir()?;
    // A copy, so that nothing is written beside the file that is only read.
    let other = Ledger::copy_of(file, folder.path())?;
    let write = |name: &str, export: fn(&Ledger, &mut dyn Write) -> Result<(), ActiveError>| {
        let path = folder.path().join(name);
        let mut out = BufWriter::new(File::create(&path).map_err(DataError::io(&path))?);
        export(&other, &mut out)?;
        out.flush().map_err(DataError::io(&path))?;
        Ok::<_, Failure>(path)
    };
    let ids = run.samples()?.ids;
    import_questions(ledger, &write("questions.jsonl", export_questions)?, &|id| ids.row(id).is_some())?;
    Ok(import_answers(ledger, &write("answers.jsonl", export_answers)?, oracle)?)
}

/// Whether the first line is a question. A line that is neither is for the reader of answers to complain about.
fn has_questions(file: &Path) -> Result<bool, DataError> {
    let mut line = String::new();
    let reader = BufReader::new(File::open(file).map_err(DataError::io(file))?);
    for text in reader.lines() {
        line = text.map_err(DataError::io(file))?;
        if !line.trim().is_empty() {
            break;
        }
    }
    Ok(serde_json::from_str::<Value>(&line).is_ok_and(|first| first.get("candidates").is_some()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn questions_are_told_from_answers_by_their_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let is = |text: &str| {
            let path = folder.path().join("file.jsonl");
            std::fs::write(&path, text).unwrap();
            has_questions(&path).unwrap()
        };
        assert!(is("\n{\"question\": 1, \"anchor\": 2, \"candidates\": [3]}\n"));
        assert!(!is("{\"question\": 1, \"candidate\": 3, \"related\": true}\n{\"candidates\": []}\n"));
        assert!(!is("") && !is("nonsense"));
        assert!(has_questions(&folder.path().join("missing")).is_err());
    }
}
