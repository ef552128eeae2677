//! Errors of a run folder.

use std::path::PathBuf;

use relata_active::ActiveError;
use relata_data::{DataError, RESTORE};
use relata_graph::GraphError;

/// The result of reading or writing the folder of a run.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;

/// What can be wrong with the folder of a run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Reading or writing failed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The graph cannot be read.
    #[error(transparent)]
    Graph(GraphError),
    /// The ledger cannot be read.
    #[error(transparent)]
    Active(ActiveError),
    /// The folder holds a run of another plan.
    #[error("`{}` holds a run of another plan; these settings differ:\n{}\nWrite to another folder. (Delete this one to start again only if nobody's answers are in it: `relata export` writes them to a file.)", folder.display(), difference.join("\n"))]
    PlanChanged {
        /// The run folder.
        folder: PathBuf,
        /// One line a setting: `path: old -> new`.
        difference: Vec<String>,
    },
    /// The plan cannot be read.
    #[error("`{}` is not a plan of this version of Relata: {found}. Plans of another version cannot be run again: run the pipeline into another folder.", path.display())]
    BadPlan {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// A setting that the plan does not have, or a value that it cannot have.
    #[error("--set {setting}: {found}")]
    Setting {
        /// The path of the setting.
        setting: String,
        /// What was found.
        found: String,
    },
    /// Another process works in the folder.
    #[error("another process is working in `{}`; wait for it or write to another folder", folder.display())]
    Locked {
        /// The run folder.
        folder: PathBuf,
    },
    /// The folder is not a run, or one that has not come far enough.
    #[error("`{}` has no {what}. {hint}", folder.display())]
    NotThere {
        /// The run folder.
        folder: PathBuf,
        /// What is missing.
        what: String,
        /// What to do about it.
        hint: String,
    },
    /// A file of the run is not what Relata wrote.
    #[error("`{}`: {found}. {RESTORE}", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// The condition that chooses the training rows chooses none.
    #[error(
        "no sample satisfies `{predicate}`, so there is nothing to train on. Name other rows with `.train_on(..)`."
    )]
    NoTrainingRows {
        /// The SQL condition.
        predicate: String,
    },
}

impl From<GraphError> for StoreError {
    fn from(error: GraphError) -> Self {
        match error {
            GraphError::Data(error) => Self::Data(error),
            other => Self::Graph(other),
        }
    }
}

impl From<ActiveError> for StoreError {
    fn from(error: ActiveError) -> Self {
        match error {
            ActiveError::Data(error) => Self::Data(error),
            other => Self::Active(other),
        }
    }
}

impl StoreError {
    /// The error of a file that cannot be understood.
    pub(crate) fn corrupt(path: impl Into<PathBuf>, found: impl ToString) -> Self {
        Self::Corrupt { path: path.into(), found: found.to_string() }
    }
}
