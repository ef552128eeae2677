//! Errors of active learning: a ledger that cannot be used, an oracle that fails, a setting that makes no sense.

use std::path::PathBuf;

use arrow::error::ArrowError;
use relata_data::{DataError, data_errors};
use relata_oracle::OracleError;
use relata_registry::SettingError;

/// The result of a step of active learning.
pub type Result<T, E = ActiveError> = std::result::Result<T, E>;

/// What can go wrong between a question and what is known after its answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ActiveError {
    /// Reading or writing a file failed, or a table breaks its contract.
    #[error(transparent)]
    Data(#[from] DataError),
    /// An oracle failed, or an answer is not one to what was asked.
    #[error(transparent)]
    Oracle(OracleError),
    /// A setting that makes no sense.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// The ledger of questions and answers could not be read or written.
    #[error("the ledger `{}`: {problem}. {hint}", path.display())]
    Ledger {
        /// Its file.
        path: PathBuf,
        /// What went wrong. The message quotes it, so that it is no source of its own.
        problem: LedgerProblem,
        /// What to do about it.
        hint: &'static str,
    },
}

/// What can be wrong with a ledger.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerProblem {
    /// SQLite refused.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The file as a whole cannot be used.
    #[error("{found}")]
    File {
        /// What is wrong with it.
        found: String,
    },
    /// The ledger does not take a question.
    #[error("question {question}: expected {expected}, found {found}")]
    Question {
        /// Its number.
        question: u64,
        /// What was expected.
        expected: String,
        /// What came.
        found: String,
    },
}

impl From<OracleError> for ActiveError {
    /// What the data and an oracle report alike is one variant, and an error of the ledger that an oracle has met while
    /// it recorded its answers comes out as it was.
    fn from(error: OracleError) -> Self {
        match error {
            OracleError::Data(error) => Self::Data(error),
            OracleError::Record { source } => match source.downcast::<Self>() {
                Ok(own) => *own,
                Err(source) => Self::Oracle(OracleError::Record { source }),
            },
            other => Self::Oracle(other),
        }
    }
}

impl From<ActiveError> for OracleError {
    /// What an oracle is told by a ledger that does not take its answers.
    fn from(error: ActiveError) -> Self {
        match error {
            ActiveError::Data(error) => Self::Data(error),
            ActiveError::Oracle(error) => error,
            other => Self::Record { source: Box::new(other) },
        }
    }
}

data_errors!(ActiveError, ArrowError);

relata_registry::setting_error!(ActiveError);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_that_passes_through_an_oracle_comes_out_as_it_was() {
        let problem = LedgerProblem::Question { question: 7, expected: "one".to_owned(), found: "two".to_owned() };
        let ledger = ActiveError::Ledger { path: "runs/a/ledger.sqlite".into(), problem, hint: "Ask one." };
        let text = ledger.to_string();
        assert_eq!(text, "the ledger `runs/a/ledger.sqlite`: question 7: expected one, found two. Ask one.");
        let told = OracleError::from(ledger);
        assert!(matches!(told, OracleError::Record { .. }) && told.to_string() == text, "{told}");
        let back = ActiveError::from(told);
        assert!(matches!(back, ActiveError::Ledger { .. }) && back.to_string() == text, "{back}");

        let missing = DataError::io("a.csv")(std::io::Error::from(std::io::ErrorKind::NotFound));
        assert!(matches!(OracleError::from(ActiveError::from(missing)), OracleError::Data(_)));
        let unsupported = || OracleError::Unsupported { oracle: "own".to_owned(), what: "answer", hint: "" };
        assert!(matches!(OracleError::from(ActiveError::from(unsupported())), OracleError::Unsupported { .. }));
        let elsewhere = OracleError::Record { source: "no room".into() };
        let error = ActiveError::from(elsewhere);
        assert!(matches!(error, ActiveError::Oracle(OracleError::Record { .. })) && error.to_string() == "no room");
    }
}
