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
        let run = Run::open(folder)?;
        let (files, wrong) = damaged_files(run.folder())?;
        let mut findings: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        let mut answers = String::new();
        if run.path(Artifact::Ledger).exists() || run.path(Artifact::LedgerSeal).exists() {
            let audit = Ledger::open(run.folder())?.audit()?;
            answers = format!(", {} questions, {} answers", audit.questions, audit.answers);
            findings.extend(audit.findings);
        }
        damaged += findings.len();
        findings.iter().for_each(|finding| eprintln!("{}: {finding}", folder.display()));
        let verdict =
            if findings.is_empty() { "as they were written".to_owned() } else { format!("{} damaged", findings.len()) };
        writeln!(stdout(), "{}: {files} files{answers}: {verdict}", folder.display())?;
    }
    match damaged {
        0 => Ok(()),
        _ => Err(Failure::Measured(format!("{damaged} files or rows are not as they were written"))),
    }
}
