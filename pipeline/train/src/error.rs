//! Errors of training: each says at which step, what was seen, and where the last good checkpoint is.

use std::path::PathBuf;

use relata_data::DataError;
use relata_registry::{ReadError, SettingError};

/// The result of a training operation.
pub type Result<T, E = TrainError> = std::result::Result<T, E>;

/// What can go wrong between edges and embeddings.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// Reading features, views or files failed.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A setting that makes no sense.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A description is no loss, encoder or settings.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The state of a model cannot be written or read.
    #[error(transparent)]
    State(#[from] StateError),
    /// The graph has nothing to learn from.
    #[error(
        "the graph has no positive edge among the {rows} training rows, of which there {}, so there is nothing to pull together. Add same_sample() and .views(2, ..), labels or an edge file.",
        views_text(*views)
    )]
    NoPositive {
        /// Training rows.
        rows: usize,
        /// Views of each.
        views: usize,
    },
    /// There are no two samples to tell apart.
    #[error(
        "there {} to train on, and a relation takes two. Choose others with .train_on(..), or look at the column `split`.",
        if *rows == 1 { "is one sample" } else { "is no sample" }
    )]
    TooFewRows {
        /// Training rows.
        rows: usize,
    },
    /// A closed form whose matrices do not fit into memory.
    #[error(
        "the closed form of {rows} training rows needs about {:.1} GiB, and {:.1} GiB are free. Choose fewer rows with .train_on(..), or learn an encoder with .train(..).",
        gibibytes(*bytes), gibibytes(*available)
    )]
    TooLarge {
        /// Training rows, views included.
        rows: usize,
        /// Bytes that it would take.
        bytes: u64,
        /// Bytes that are free.
        available: u64,
    },
    /// The loss is no longer a number.
    #[error("the loss became {loss} at step {step}. Lower the learning rate, clip gradients, or look for extreme features. {}", checkpoint_text(.checkpoint))]
    Diverged {
        /// The step.
        step: u64,
        /// NaN or an infinity.
        loss: f64,
        /// The last good checkpoint.
        checkpoint: Option<PathBuf>,
    },
    /// All embeddings fell together.
    #[error("the representation collapsed: its effective rank is {rank:.2} of {width} dimensions at step {step} (below 2). Add negatives, raise the loss's variance or covariance weight, or lower the learning rate; with two classes and full labels this is expected: use Fit::allow_collapse(). {}", checkpoint_text(.checkpoint))]
    Collapsed {
        /// The step.
        step: u64,
        /// The effective rank.
        rank: f64,
        /// Dimensions of the embedding.
        width: usize,
        /// The last good checkpoint.
        checkpoint: Option<PathBuf>,
    },
    /// The user stopped the run.
    #[error("interrupted at step {step}; everything so far is in {}. Run the same pipeline again to go on.", checkpoint.display())]
    Interrupted {
        /// The step.
        step: u64,
        /// The checkpoint that was written.
        checkpoint: PathBuf,
    },
    /// A checkpoint cannot be used.
    #[error("checkpoint `{}`: {found}. Move the folder of checkpoints away to start this training from the beginning.", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        found: String,
    },
    /// A device that this build or machine does not have.
    #[error("the device `{device}` is not there: {reason}")]
    Device {
        /// The requested device.
        device: String,
        /// Why not, and what to do.
        reason: String,
    },
    /// A numerical routine failed.
    #[error("{routine} failed: {reason}")]
    Numerical {
        /// The routine.
        routine: &'static str,
        /// What it said.
        reason: String,
    },
}

fn views_text(views: usize) -> String {
    match views {
        1 => "is one view each".to_owned(),
        views => format!("are {views} views each"),
    }
}

fn checkpoint_text(path: &Option<PathBuf>) -> String {
    match path {
        Some(path) => format!("The last good checkpoint is {}.", path.display()),
        None => "No checkpoint was written yet.".to_owned(),
    }
}

/// Why the weights of a model or the state of its optimiser cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StateError {
    /// The weights.
    #[error("the model's weights: {reason}")]
    Weights {
        /// What the safetensors store said.
        reason: String,
    },
    /// The optimiser's state as a whole.
    #[error("the optimiser's state: {reason}")]
    Optimiser {
        /// What the format's reader or writer said.
        reason: String,
    },
    /// One tensor of the optimiser's state.
    #[error("the optimiser's state: `{tensor}` is not {expected}")]
    Tensor {
        /// Its name.
        tensor: String,
        /// What it should be.
        expected: &'static str,
    },
}

impl StateError {
    pub(crate) fn weights(error: impl ToString) -> Self {
        Self::Weights { reason: error.to_string() }
    }

    pub(crate) fn optimiser(error: impl ToString) -> Self {
        Self::Optimiser { reason: error.to_string() }
    }
}

relata_registry::setting_error!(TrainError);

fn gibibytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 30)
}
