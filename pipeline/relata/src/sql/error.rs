//! Errors of queries: each says what is wrong, what there is instead, and what to do about it.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use parquet::errors::ParquetError;
use relata_active::ActiveError;
use relata_data::DataError;

use crate::blocking::RuntimeError;
use crate::store::StoreError;

/// What can go wrong between a query and its printed answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SqlError {
    /// A query names a table that is not there.
    #[error(
        "there is no table `{table}`; {}. A table appears once the run has come so far.",
        there_are("tables", known)
    )]
    UnknownTable {
        /// The name in the query.
        table: String,
        /// The tables that exist, as a query names them.
        known: Vec<String>,
    },
    /// A table function names a run that is not part of the session.
    #[error(
        "there is no run `{run}`; {}. Put names with capitals or dashes in double quotes.",
        there_are("runs", known)
    )]
    UnknownRun {
        /// The name in the query.
        run: String,
        /// The runs of the session.
        known: Vec<String>,
    },
    /// A table function names a sample that is not there.
    #[error("`{table}` has no sample with the id {id}. Ids are those of its column `id`, or, as text, of `source_id`.")]
    UnknownSample {
        /// The table or file.
        table: String,
        /// The id, as the query gives it.
        id: String,
    },
    /// An argument of a table function that makes no sense.
    #[error("{function}: `{argument}` must be {expected}, but is {found}")]
    Argument {
        /// The function with its arguments.
        function: &'static str,
        /// The argument's name.
        argument: &'static str,
        /// What is allowed.
        expected: String,
        /// What was given.
        found: String,
    },
    /// A statement that does more than to read.
    #[error("{statement} changes more than it answers, and statements only read here. `relata sql --write` allows it.")]
    ReadOnly {
        /// The kind of statement.
        statement: String,
    },
    /// A statement that would write into the folder of a run.
    #[error(
        "`{}` lies in the folder of a run, to which no statement may write. Name a path outside; to read a file of a run, write its path in quotes after FROM.", path.display()
    )]
    IntoRun {
        /// The path of the statement.
        path: PathBuf,
    },
    /// An answer in which two columns have one name, in a format that keeps only one of them.
    #[error("two columns of the answer are called `{column}`: give one another name with AS")]
    SameName {
        /// The name.
        column: String,
    },
    /// The operating system gave the query no thread or no runtime to work on.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
    /// Statements that came through a pipe and failed; each has said why.
    #[error("{failed} of {asked} statements failed; the messages above say why")]
    Statements {
        /// How many failed.
        failed: usize,
        /// How many there were.
        asked: usize,
    },
    /// An output format that does not exist.
    #[error("there is no output format `{found}`: use table, csv, tsv, json or parquet")]
    Format {
        /// What was given.
        found: String,
    },
    /// The answer could not be written.
    #[error("the answer could not be written: {0}")]
    Output(#[from] std::io::Error),
    /// The prompt could not read a line.
    #[error("the line could not be read: {0}")]
    Input(String),
    /// Reading a table failed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Reading the ledger failed.
    #[error(transparent)]
    Active(ActiveError),
    /// Reading a run failed.
    #[error(transparent)]
    Run(Box<StoreError>),
    /// DataFusion refused the query.
    #[error("query: {}", .0.strip_backtrace())]
    Query(Box<DataFusionError>),
}

impl SqlError {
    /// Wraps the error of a run.
    pub(super) fn run(error: StoreError) -> Self {
        Self::Run(Box::new(error))
    }
}

impl From<ActiveError> for SqlError {
    fn from(error: ActiveError) -> Self {
        match error {
            ActiveError::Data(error) => Self::Data(error),
            other => Self::Active(other),
        }
    }
}

impl From<DataFusionError> for SqlError {
    /// An error of ours that came through DataFusion comes out as it was.
    fn from(error: DataFusionError) -> Self {
        own(error).unwrap_or_else(|error| Self::Query(Box::new(error)))
    }
}

impl From<SqlError> for DataFusionError {
    fn from(error: SqlError) -> Self {
        Self::External(Box::new(error))
    }
}

impl From<ArrowError> for SqlError {
    fn from(error: ArrowError) -> Self {
        match error {
            // What we ask of Arrow outside of queries is to write; the system's error tells whether the reader has left.
            ArrowError::IoError(_, system) => Self::Output(system),
            // The writer of CSV passes on no more than the text of the system's error.
            ArrowError::CsvError(text) if text.contains("Broken pipe") => Self::Output(ErrorKind::BrokenPipe.into()),
            other => DataFusionError::from(other).into(),
        }
    }
}

impl From<ParquetError> for SqlError {
    fn from(error: ParquetError) -> Self {
        DataError::from(error).into()
    }
}

fn own(error: DataFusionError) -> Result<SqlError, DataFusionError> {
    match error {
        DataFusionError::External(inner) => match inner.downcast::<SqlError>() {
            Ok(ours) => Ok(*ours),
            Err(inner) => match inner.downcast::<DataError>() {
                Ok(ours) => Ok((*ours).into()),
                Err(inner) => Err(DataFusionError::External(inner)),
            },
        },
        DataFusionError::ArrowError(inner, backtrace) => match *inner {
            ArrowError::ExternalError(inner) => own(DataFusionError::External(inner)),
            other => Err(DataFusionError::ArrowError(Box::new(other), backtrace)),
        },
        DataFusionError::Context(context, inner) => {
            own(*inner).map_err(|inner| DataFusionError::Context(context, Box::new(inner)))
        }
        DataFusionError::Diagnostic(diagnostic, inner) => {
            own(*inner).map_err(|inner| DataFusionError::Diagnostic(diagnostic, Box::new(inner)))
        }
        DataFusionError::Shared(inner) => match Arc::try_unwrap(inner) {
            Ok(inner) => own(inner),
            Err(shared) => Err(DataFusionError::Shared(shared)),
        },
        other => Err(other),
    }
}

fn there_are(what: &str, known: &[String]) -> String {
    match known {
        [] => format!("there are no {what}"),
        known => format!("the {what} are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn our_own_errors_pass_through_datafusion() {
        let error = DataFusionError::from(SqlError::Format { found: "xml".to_owned() });
        let error = DataFusionError::Shared(Arc::new(error.context("while printing")));
        assert!(matches!(SqlError::from(error), SqlError::Format { found } if found == "xml"));
        let error = SqlError::from(ArrowError::CsvError("Broken pipe (os error 32)".to_owned()));
        assert!(matches!(error, SqlError::Output(system) if system.kind() == ErrorKind::BrokenPipe));
        let error = DataFusionError::Plan("nonsense".to_owned()).context("while planning");
        let text = SqlError::from(error).to_string();
        assert!(text.contains("nonsense") && text.contains("while planning"), "{text}");
    }
}
