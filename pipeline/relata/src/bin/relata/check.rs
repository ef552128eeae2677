//! `relata check`: whether the files of runs are what was written.

use std::io::{Write, stdout};
use std::path::PathBuf;

use relata::Run;
use relata::store::Artifact;
use relata_active::ledger::Ledger;
use relata_data::sink::damaged_files;

use crate::failure::{Failure, Outcome};

/// Reads every file of runs, and compares it with its checksum; computes the seals of their questions and answers again.
///
/// Other verbs check each file when they open it, but for files beyond 1 GiB, of which they compare the length only.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  relata check runs/digits")]
pub struct Arguments {
    /// The folders that pipelines wrote.
    #[arg(required = true, value_name = "RUN")]
    runs: Vec<PathBuf>,
}

/// Does what the arguments ask.
pub fn run(arguments: &Arguments) -> Outcome {
    let mut damaged = 0;
    for folder in &arguments.runs {
        let (checked, findings) = match Run::open(folder) {
            Ok(run) => check(&run)?,
            Err(error) => ("no run".to_owned(), vec![error.to_string()]),
        };
        damaged += findings.len();
        findings.iter().for_each(|finding| eprintln!("{}: {finding}", folder.display()));
        let verdict = match findings.len() {
            0 => "as they were written".to_owned(),
            count => format!("{count} damaged"),
        };
        writeln!(stdout(), "{}: {checked}: {verdict}", folder.display())?;
    }
    match damaged {
        0 => Ok(()),
        _ => Err(Failure::Measured(format!("{damaged} files or rows are not as they were written"))),
    }
}

/// What was looked at, and what is wrong with it.
fn check(run: &Run) -> Result<(String, Vec<String>), Failure> {
    let (files, wrong) = damaged_files(run.folder())?;
    let mut findings: Vec<String> = wrong.iter().map(ToString::to_string).collect();
    let (mut questions, mut answers) = (0, 0);
    // Audits of a decision ask questions of their own.
    for folder in [run.folder().to_path_buf(), run.path(Artifact::AuditAnswers)] {
        if !folder.join(Artifact::Ledger).exists() && !folder.join(Artifact::LedgerSeal).exists() {
            continue;
        }
        match Ledger::open(&folder).and_then(|ledger| ledger.audit()) {
            Ok(audit) => {
                (questions, answers) = (questions + audit.questions, answers + audit.answers);
                findings.extend(audit.findings);
            }
            Err(error) => findings.push(error.to_string()),
        }
    }
    let asked = if questions > 0 { format!(", {questions} questions, {answers} answers") } else { String::new() };
    Ok((format!("{files} files{asked}"), findings))
}
