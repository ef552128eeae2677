//! Ledger errors: what can go wrong inside a transaction, before the message names the file.

use std::path::Path;

use relata_data::DataError;
use relata_oracle::OracleError;
use rusqlite::ErrorCode;

use crate::error::{ActiveError, LedgerProblem};

/// A failure inside a transaction.
#[derive(Debug)]
pub(super) enum LedgerError {
    /// SQLite refused.
    Sqlite(rusqlite::Error),
    /// The file as a whole cannot be used.
    File { found: String, hint: &'static str },
    /// There is a seal, and no ledger.
    Lost,
    /// The ledger is not the one that was sealed, or an older copy of it.
    Swapped {
        /// Questions and answers that the sealed ledger has.
        rows: u64,
    },
    /// A question or an answer is not as it should be.
    Refusal(Refusal),
    /// Anything else, with its own message.
    Other(DataError),
}

/// A question or an answer that the ledger does not take.
#[derive(Debug)]
pub(super) struct Refusal {
    /// Who gave the answer; none if the question itself is at fault.
    pub oracle: Option<String>,
    pub question: u64,
    pub expected: String,
    pub found: String,
    pub hint: &'static str,
}

impl LedgerError {
    /// The error that names the ledger's file.
    pub fn at(self, path: &Path) -> ActiveError {
        let ledger = |problem: LedgerProblem, hint: &'static str| ActiveError::Ledger {
            path: path.to_path_buf(),
            problem,
            hint,
        };
        match self {
            Self::Sqlite(error) => {
                let hint = advice(&error);
                ledger(error.into(), hint)
            }
            Self::File { found, hint } => ledger(LedgerProblem::File { found }, hint),
            Self::Lost => {
                let found = "the ledger is gone, and answers.seal beside it says that questions were asked".to_owned();
                ledger(LedgerProblem::File { found }, PUT_BACK)
            }
            Self::Swapped { rows } => {
                let found = format!(
                    "this is another ledger, or an older copy, than the one of {rows} rows whose seal is in answers.seal"
                );
                ledger(LedgerProblem::File { found }, PUT_BACK)
            }
            Self::Refusal(Refusal { oracle: Some(oracle), question, expected, found, hint }) => {
                OracleError::Answer { oracle, question, expected, found, hint: hint.to_owned() }.into()
            }
            Self::Refusal(Refusal { oracle: None, question, expected, found, hint }) => {
                ledger(LedgerProblem::Question { question, expected, found }, hint)
            }
            Self::Other(error) => error.into(),
        }
    }
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Refusal> for LedgerError {
    fn from(refused: Refusal) -> Self {
        Self::Refusal(refused)
    }
}

impl From<DataError> for LedgerError {
    fn from(error: DataError) -> Self {
        Self::Other(error)
    }
}

const PUT_BACK: &str = "Put the right file back, with answers.sqlite-wal if there is one. To go on with what is there, move answers.seal away; `relata import` takes the answers of another ledger in.";

/// What to do about a damaged file.
pub(super) const DAMAGED: &str = "The file is damaged: put back a copy of it with answers.seal, or move both away and import what was exported, or a copy of the ledger, with `relata import`.";

fn advice(error: &rusqlite::Error) -> &'static str {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "Another process has been writing for too long: wait until it is done, or end it, and try again."
        }
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => DAMAGED,
        Some(ErrorCode::DiskFull) => "Make room on the disk and try again; nothing of this write was kept.",
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            "Allow this user to write the file and its folder."
        }
        _ => "Nothing of this change was kept.",
    }
}
