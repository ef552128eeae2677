//! Errors of evaluation: what is missing or degenerate, and what to do about it.

use std::path::PathBuf;

use relata_data::DataError;
use relata_decide::DecideError;
use relata_schemas::SchemaError;

/// The result of an evaluation.
pub type Result<T, E = EvaluateError> = std::result::Result<T, E>;

/// What can go wrong between an embeddings file and a score.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluateError {
    /// Reading the table failed, or it breaks its contract (a NaN in a vector, for one).
    #[error(transparent)]
    Data(#[from] DataError),
    /// A decision could not be measured.
    #[error("measuring the decision: {0}")]
    Decide(#[from] DecideError),
    /// The temporary file of vectors could not be written or read.
    #[error("temporary file of vectors: {0}. Free some disk space, or point TMPDIR at a folder that has it.")]
    Spill(#[source] std::io::Error),
    /// A column that was asked for is not in the file.
    #[error("`{}` has no column `{column}` for the {role}; its columns are {}. Name one of them.",
        path.display(), columns.join(", "))]
    MissingColumn {
        /// The file.
        path: PathBuf,
        /// The column that was asked for.
        column: String,
        /// What it was to be used as: embedding, label or split.
        role: &'static str,
        /// The columns there are.
        columns: Vec<String>,
    },
    /// All training rows have the same label.
    #[error("a probe needs two classes, but all {rows} training rows are of {class}. Use another label column.")]
    OneClass {
        /// The class there is.
        class: String,
        /// How many training rows it has.
        rows: u64,
    },
    /// A loss that is about positives, and edges without one.
    #[error(
        "`{loss}` says nothing where no edge is a positive: {edges} edges were read, and none has a weight above 0. Add pairs that are alike, or use another loss."
    )]
    NoPositives {
        /// The loss.
        loss: String,
        /// How many edges there are.
        edges: usize,
    },
    /// A side of the split has no labelled rows.
    #[error("no labelled `{side}` rows: {}. Use a column whose values are `train` and `test`, or none.",
        found_text(.column, .found))]
    EmptySide {
        /// `train` or `test`.
        side: &'static str,
        /// The split column, if there was one.
        column: Option<String>,
        /// The values found in it (the first few).
        found: Vec<String>,
    },
    /// A label column that looks like an id.
    #[error("more than {limit} classes in the label column `{column}`. Is it an id? Name a column of classes.")]
    TooManyClasses {
        /// The label column.
        column: String,
        /// The most classes allowed.
        limit: usize,
    },
    /// No class of the test rows is one of the training rows.
    #[error(
        "none of the {classes} classes of the test rows in `{label}` occurs among the training rows, so a classifier \
        can only be wrong. Measure `retrieval(\"{label}\")`: whether the nearest rows are of the same class."
    )]
    ClassesApart {
        /// The label column.
        label: String,
        /// The classes of the test rows.
        classes: usize,
    },
    /// A measure that needs more rows than there are.
    #[error("{measure} needs at least {expected} rows, found {found}. Evaluate more rows.")]
    TooFewRows {
        /// The measure.
        measure: &'static str,
        /// The least number of rows.
        expected: u64,
        /// The rows there are.
        found: u64,
    },
    /// Vectors of different lengths.
    #[error("vectors of {found} numbers where {expected} are expected. Compare vectors of one model only.")]
    Width {
        /// The width of the vectors so far.
        expected: usize,
        /// The width of the offending ones.
        found: usize,
    },
    /// A thread could not be started.
    #[error("starting a thread: {0}. Let the process have one more.")]
    Thread(#[source] rayon::ThreadPoolBuildError),
    /// The optimiser or an eigenvalue decomposition failed.
    #[error("{what} failed: {why}. Look for enormous or constant embeddings.")]
    Numerics {
        /// The computation.
        what: &'static str,
        /// Its own words.
        why: String,
    },
}

impl From<SchemaError> for EvaluateError {
    fn from(error: SchemaError) -> Self {
        Self::Data(error.into())
    }
}

fn found_text(column: &Option<String>, found: &[String]) -> String {
    match column {
        None => "the file has too few rows to hold out every fifth".to_owned(),
        Some(column) if found.is_empty() => format!("the split column `{column}` has no values"),
        Some(column) => format!("the split column `{column}` has the values {}", found.join(", ")),
    }
}
