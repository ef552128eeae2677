//! Errors of oracles: one that cannot do what was asked of it, or did not answer, or whose answer could not be kept.

use std::error::Error;

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use relata_data::{DataError, data_errors};
use relata_graph::GraphError;
use relata_registry::SettingError;
use relata_schemas::SchemaError;

/// The result of asking an oracle.
pub type Result<T, E = OracleError> = std::result::Result<T, E>;

/// What can go wrong between a question and an answer, or between an oracle and its relations.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OracleError {
    /// Reading or writing a table failed, or it breaks its contract.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A relation that was stated cannot be one.
    #[error(transparent)]
    Graph(GraphError),
    /// A setting that makes no sense.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// An oracle was used in a way that it does not support.
    #[error("the oracle `{oracle}` cannot {what}. {hint}")]
    Unsupported {
        /// The oracle.
        oracle: String,
        /// What was wanted of it.
        what: &'static str,
        /// What to do about it.
        hint: &'static str,
    },
    /// An oracle did not answer, or not what was asked.
    #[error("the oracle `{oracle}` failed at question {question}: expected {expected}, found {found}. {hint}")]
    Answer {
        /// The oracle.
        oracle: String,
        /// The question's number.
        question: u64,
        /// What was expected of it.
        expected: String,
        /// What came.
        found: String,
        /// What to do about it.
        hint: String,
    },
    /// The [`Record`](crate::Record) could not write down answers, or read those that are there. It is implemented by
    /// crates that depend on this one, so that the error is whatever theirs is.
    #[error(transparent)]
    Record {
        /// The recorder's own error.
        source: Box<dyn Error + Send + Sync>,
    },
}

impl OracleError {
    /// The oracle of this name answers questions only.
    pub fn cannot_relate(oracle: impl Into<String>) -> Self {
        Self::Unsupported {
            oracle: oracle.into(),
            what: "state relations unasked",
            hint: "Ask it: `.ask(oracle, strategy)` instead of `.relate(oracle)`.",
        }
    }

    /// The oracle of this name knows no names.
    pub fn cannot_name(oracle: impl Into<String>) -> Self {
        Self::Unsupported {
            oracle: oracle.into(),
            what: "name groups",
            hint: "Ask people or labels for names, or take those of a column: `classes().names(column)`.",
        }
    }

    /// The oracle of this name states relations only.
    pub fn cannot_answer(oracle: impl Into<String>) -> Self {
        Self::Unsupported {
            oracle: oracle.into(),
            what: "answer questions",
            hint: "Let it state what it knows: `.relate(oracle)` instead of `.ask(oracle, strategy)`.",
        }
    }
}

impl From<GraphError> for OracleError {
    /// What the data and the graph report alike is one variant.
    fn from(error: GraphError) -> Self {
        match error {
            GraphError::Data(error) => Self::Data(error),
            other => Self::Graph(other),
        }
    }
}

data_errors!(OracleError, SchemaError, ArrowError, DataFusionError);

relata_registry::setting_error!(OracleError);
