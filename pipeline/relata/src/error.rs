//! The errors of pipelines and runs.

use std::path::PathBuf;

use relata_data::OperatorError;
use relata_train::TrainError;

use crate::evaluate::EvaluateError;
use crate::plot::PlotError;
use crate::sql::SqlError;

/// The result of a pipeline operation.
pub type Result<T, E = PipelineError> = std::result::Result<T, E>;

/// What can go wrong between a pipeline and its results.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// Reading, relating or writing failed.
    #[error(transparent)]
    Operator(#[from] OperatorError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Evaluating failed.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// Drawing failed.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// A query failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// The folder holds a run of another plan.
    #[error("`{}` holds a run of another plan; these settings differ:\n{}\nWrite to another folder. (Delete this one to start again only if nobody's answers are in it: `relata export` writes them to a file.)", folder.display(), difference.join("\n"))]
    PlanChanged {
        /// The run folder.
        folder: PathBuf,
        /// One line a setting: `path: old -> new`.
        difference: Vec<String>,
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
    #[error("`{}`: {found}. Delete the run folder and run the pipeline again.", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
    },
    /// The pipeline asks more than once.
    #[error(
        "the pipeline has {} `.ask(..)` ({}), but one budget: ask one oracle, `crowd([..])` where several are to answer each question, or `cascade([..])` where the next one answers what the one before passed on.",
        oracles.len(),
        oracles.join(", ")
    )]
    SeveralAsks {
        /// The names of the oracles.
        oracles: Vec<String>,
    },
    /// The user stopped the run while it was asking.
    #[error("interrupted while asking in round {round}; every answer so far is in `{}`. Run the same pipeline again to go on.", ledger.display())]
    Interrupted {
        /// The round.
        round: u32,
        /// Where the answers are.
        ledger: PathBuf,
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
