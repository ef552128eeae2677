//! Errors of data: each says what is wrong, where, and what to do about it.

use std::path::{Path, PathBuf};

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use parquet::errors::ParquetError;
use relata_registry::SettingError;
use relata_schemas::SchemaError;

/// The result of reading or writing data.
pub type Result<T, E = DataError> = std::result::Result<T, E>;

/// What to do about a damaged file of a run. The folder may hold answers that were paid for.
pub const RESTORE: &str = "Restore it from a copy of the run, or run the pipeline into another folder: `relata export RUN answers` and `relata import` take along what was answered.";

/// What can go wrong between a file and a table of samples, or a table and a file of results.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A table breaks its contract.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// A file or folder is not there.
    #[error("`{}` does not exist. {hint}", path.display())]
    Missing {
        /// The path that was looked for.
        path: PathBuf,
        /// What to do about it.
        hint: String,
    },
    /// A file is there but is not what it should be.
    #[error("`{}` could not be read: expected {expected}, found {found}. {hint}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The expected content.
        expected: String,
        /// What was found.
        found: String,
        /// What to do about it.
        hint: String,
    },
    /// A file of a run is not what was written.
    #[error(
        "`{}` has changed since it was written: expected the checksum and bytes {expected} (listed in `{}`), found {found}. {RESTORE}", path.display(), list.display()
    )]
    Changed {
        /// The file.
        path: PathBuf,
        /// Checksum and bytes of what was written.
        expected: String,
        /// Those of the file.
        found: String,
        /// Where the checksums are listed.
        list: PathBuf,
    },
    /// A result would take the place of a file that it must not touch.
    #[error("`{}` {what}: writing there would destroy it. Name another file.", path.display())]
    Overwrites {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A dataset or a table without rows.
    #[error("{what} has no rows. {hint}")]
    Empty {
        /// What is empty.
        what: String,
        /// What to do about it.
        hint: String,
    },
    /// More pictures cannot be read than may be left out.
    #[error(
        "{skipped} of {rows} pictures of {table} could not be read, more than {:.3} %; first `{first}`: {reason}. Mend or remove them, or allow more with `.skip_at_most(share)`.", 100.0 * share
    )]
    TooManySkipped {
        /// The table or folder.
        table: String,
        /// How many could not be read.
        skipped: u64,
        /// How many were looked at.
        rows: u64,
        /// The share that may be left out.
        share: f64,
        /// The first that could not be read.
        first: String,
        /// Why.
        reason: String,
    },
    /// Two samples share an id.
    #[error(
        "column `{column}` of {table} has the id {id} twice, in rows {first} and {second}. Ids must be unique: drop one of the rows or name another column with `.id(..)`."
    )]
    DuplicateId {
        /// The table or file.
        table: String,
        /// The id column.
        column: String,
        /// The id.
        id: String,
        /// The row where it came first.
        first: u64,
        /// The row where it came again.
        second: u64,
    },
    /// A setting that makes no sense.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// Reading or writing a file failed.
    #[error("`{}`: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A store or server does not let us read.
    #[error("`{address}` must not be read: {found}. {hint}")]
    Denied {
        /// The address.
        address: String,
        /// What the store answered.
        found: String,
        /// What to do about it.
        hint: String,
    },
    /// A store or server does not answer, or not with what was asked for.
    #[error("`{address}` could not be reached: {found}. {hint}")]
    Unreachable {
        /// The address.
        address: String,
        /// What came instead of an answer.
        found: String,
        /// What to do about it.
        hint: String,
    },
    /// Arrow refused.
    #[error("arrow: {0}")]
    Arrow(#[from] ArrowError),
    /// Parquet refused.
    #[error("parquet: {0}")]
    Parquet(#[from] ParquetError),
    /// DataFusion refused a query.
    #[error("query: {}", .0.strip_backtrace())]
    Query(#[from] Box<DataFusionError>),
}

impl DataError {
    /// Wraps a system error with its file.
    pub fn io(path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.as_ref().to_path_buf();
        move |source| Self::Io { path, source }
    }

    /// A Parquet file that is cut short, damaged, or none at all.
    pub fn damaged(path: &Path, found: impl ToString) -> Self {
        let found = found.to_string();
        // What wraps the error says no more than that it is one.
        let found = ["Parquet argument error: ", "Parquet error: "]
            .iter()
            .fold(found.as_str(), |found, start| found.strip_prefix(start).unwrap_or(found));
        Self::Unreadable {
            path: path.to_path_buf(),
            expected: "a whole Parquet file".to_owned(),
            found: format!("`{}`", found.trim_end_matches('.')),
            hint: "It may be truncated or of another format: copy it again.".to_owned(),
        }
    }
}

impl From<DataFusionError> for DataError {
    fn from(error: DataFusionError) -> Self {
        Self::Query(Box::new(error))
    }
}

/// For the error of a crate that has a variant `Data` of [`DataError`]: makes it from what becomes a [`DataError`], since
/// `?` converts once.
#[macro_export]
macro_rules! data_errors {
    ($error:ty, $($source:ty),+) => {
        $(impl From<$source> for $error {
            fn from(error: $source) -> Self {
                Self::Data($crate::DataError::from(error))
            }
        })+
    };
}

relata_registry::setting_error!(DataError);
