//! Errors of pipelines.

use std::error::Error;
use std::fmt;
use std::path::PathBuf;

use relata_active::ActiveError;
use relata_data::DataError;
use relata_decide::DecideError;
use relata_graph::GraphError;
use relata_oracle::OracleError;
use relata_registry::ReadError;
use relata_train::TrainError;

use crate::blocking::RuntimeError;
use crate::evaluate::EvaluateError;
use crate::model_export::ModelExportError;
use crate::plot::PlotError;
use crate::sql::SqlError;
use crate::store::StoreError;

/// The result of a pipeline operation.
pub type Result<T, E = PipelineError> = std::result::Result<T, E>;

/// What can go wrong between a pipeline and its results.
///
/// Its `Debug` text is the message for people with what caused it, because that is what a `main` prints which returns
/// [`Result`].
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum PipelineError {
    /// Reading or writing failed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// Relating failed: an edge or a group cannot be one.
    #[error(transparent)]
    Graph(GraphError),
    /// An oracle failed.
    #[error(transparent)]
    Oracle(OracleError),
    /// Asking failed: the ledger cannot be used, or a setting makes no sense.
    #[error(transparent)]
    Active(ActiveError),
    /// Deciding failed: known relations contradict each other, or a setting makes no sense.
    #[error("deciding: {0}")]
    Decide(#[from] DecideError),
    /// The folder of the run cannot be used.
    #[error(transparent)]
    Store(StoreError),
    /// Training failed.
    #[error(transparent)]
    Train(#[from] TrainError),
    /// Evaluating failed.
    #[error(transparent)]
    Evaluate(#[from] EvaluateError),
    /// Drawing failed.
    #[error(transparent)]
    Plot(#[from] PlotError),
    /// The model cannot be written for other programs.
    #[error(transparent)]
    ModelExport(#[from] ModelExportError),
    /// A query failed.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// A plan names a component that is not built in, or settings that a component does not have.
    #[error(
        "{0}. A plan is run again with built-in components only: run a pipeline with oracles, encoders, views or strategies of your own from Rust."
    )]
    Read(#[from] ReadError),
    /// The encoder of the run is not built in.
    #[error("{error}. Embed with an encoder of your own from Rust, through `Run::embed_with`.")]
    OwnEncoder {
        /// What the plan names.
        error: ReadError,
    },
    /// The views of the run are not built in.
    #[error("{error}. Views of your own are on the sheet `plots/views.png` that the run drew.")]
    OwnViews {
        /// What the plan names.
        error: ReadError,
    },
    /// A plan neither trains nor solves, or both.
    #[error("the plan must have either `train` or `solve`. Take it from the run.json of a run.")]
    PlanWithoutTrainer,
    /// A run that extends another has no pipeline of its own.
    #[error(
        "the run extends `{}` and has no pipeline of its own: extend that run again, or run its pipeline on all samples.",
        run.display()
    )]
    Extended {
        /// The run that it extends.
        run: PathBuf,
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
    /// A setting would have no effect.
    #[error("`{setting}` would have no effect: {reason}. To go on, {remedy}.")]
    Unused {
        /// The setting, as a pipeline writes it.
        setting: String,
        /// Why it has none.
        reason: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// The run was cancelled while it was asking.
    #[error("interrupted while asking in round {round}; every answer so far is in `{}`. Run the same pipeline again to go on.", ledger.display())]
    Interrupted {
        /// The round.
        round: u32,
        /// Where the answers are.
        ledger: PathBuf,
    },
    /// The run was cancelled between two stages.
    #[error("cancelled before the stage `{stage}`; every stage before it is done and in `{}`. Run the same pipeline again to go on.", folder.display())]
    Cancelled {
        /// The stage that did not begin.
        stage: &'static str,
        /// The run folder.
        folder: PathBuf,
    },
    /// The operating system gave the run no thread or no runtime to work on.
    #[error(transparent)]
    Runtime(#[from] RuntimeError),
}

// What the parts of a pipeline report alike is one variant, whichever of them met it.

impl From<GraphError> for PipelineError {
    fn from(error: GraphError) -> Self {
        match error {
            GraphError::Data(error) => Self::Data(error),
            other => Self::Graph(other),
        }
    }
}

impl From<OracleError> for PipelineError {
    fn from(error: OracleError) -> Self {
        match error {
            OracleError::Data(error) => Self::Data(error),
            OracleError::Graph(error) => error.into(),
            other => Self::Oracle(other),
        }
    }
}

impl From<ActiveError> for PipelineError {
    fn from(error: ActiveError) -> Self {
        match error {
            ActiveError::Data(error) => Self::Data(error),
            ActiveError::Oracle(error) => error.into(),
            other => Self::Active(other),
        }
    }
}

impl From<StoreError> for PipelineError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Data(error) => Self::Data(error),
            StoreError::Graph(error) => error.into(),
            StoreError::Active(error) => error.into(),
            other => Self::Store(other),
        }
    }
}

impl fmt::Debug for PipelineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            let reason = error.to_string();
            // Many messages quote their cause.
            if !text.contains(&reason) {
                text = format!("{text}\n  caused by: {reason}");
            }
            cause = error.source();
        }
        f.write_str(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_main_that_returns_the_error_prints_its_message() {
        let error = PipelineError::from(StoreError::Locked { folder: "runs/a".into() });
        assert_eq!(format!("{error:?}"), error.to_string());
        assert!(format!("{error:?}").contains("another process is working in `runs/a`"), "{error:?}");
        let missing = std::io::Error::new(std::io::ErrorKind::NotFound, "no such file");
        let error = PipelineError::from(StoreError::from(DataError::io("a.csv")(missing)));
        let text = format!("{error:?}");
        assert!(matches!(error, PipelineError::Data(_)) && text.matches("no such file").count() == 1, "{text}");
    }

    #[test]
    fn one_cause_is_one_variant_whichever_part_met_it() {
        let missing = || DataError::io("a.csv")(std::io::Error::from(std::io::ErrorKind::NotFound));
        for error in [
            PipelineError::from(GraphError::from(missing())),
            OracleError::from(GraphError::from(missing())).into(),
            ActiveError::from(OracleError::from(missing())).into(),
            StoreError::from(ActiveError::from(missing())).into(),
        ] {
            assert!(matches!(error, PipelineError::Data(_)), "{error}");
        }
        let empty = || GraphError::EmptyEdges { file: "a.csv".to_owned(), hint: "Write one." };
        for error in [
            PipelineError::from(StoreError::from(empty())),
            OracleError::from(empty()).into(),
            ActiveError::from(OracleError::from(empty())).into(),
        ] {
            assert!(matches!(error, PipelineError::Graph(_)), "{error}");
        }
    }
}
