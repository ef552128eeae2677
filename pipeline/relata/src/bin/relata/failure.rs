//! Failures of the command.

use std::error::Error;
use std::io;

use relata::PipelineError;
use relata::evaluate::EvaluateError;
use relata::plot::PlotError;
use relata::registries::ReadError;
use relata::sql::SqlError;
use relata::store::StoreError;
use relata_active::ActiveError;
use relata_data::DataError;
use relata_graph::GraphError;
use relata_oracle::OracleError;
use relata_train::TrainError;

/// What a verb comes to.
pub type Outcome = Result<(), Failure>;

/// Why a verb ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The library refused.
    #[error(transparent)]
    Pipeline(#[from] PipelineError),
    /// The answer could not be printed.
    #[error("the answer could not be written: {0}")]
    Output(#[from] io::Error),
    /// An answer could not be written as JSON.
    #[error("the answer could not be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// What came out is no result.
    #[error("{0}")]
    Measured(String),
    /// The arguments do not make sense together.
    #[error("{0}")]
    Usage(String),
}

macro_rules! through_the_pipeline {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Pipeline(error.into())
            }
        })*
    };
}

through_the_pipeline!(
    DataError,
    GraphError,
    OracleError,
    ActiveError,
    TrainError,
    EvaluateError,
    PlotError,
    ReadError,
    SqlError,
    StoreError
);

impl Failure {
    /// Whether the reader of the answer has left, such as `head`, which is no failure.
    pub fn reader_has_left(&self) -> bool {
        reader_has_left(self)
    }
}

fn reader_has_left(failure: &Failure) -> bool {
    let mut cause: Option<&(dyn Error + 'static)> = Some(failure);
    while let Some(error) = cause {
        if error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe) {
            return true;
        }
        cause = error.source();
    }
    // serde_json keeps the system's error to itself, but tells its kind.
    matches!(failure, Failure::Json(error) if error.io_error_kind() == Some(io::ErrorKind::BrokenPipe))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_pipe_is_found_however_deep_it_is() {
        let broken = || io::Error::from(io::ErrorKind::BrokenPipe);
        let parquet = parquet::errors::ParquetError::External(Box::new(broken()));
        assert!(reader_has_left(&broken().into()));
        assert!(reader_has_left(&SqlError::from(broken()).into()));
        assert!(reader_has_left(&DataError::from(parquet).into()));
        assert!(!reader_has_left(&io::Error::from(io::ErrorKind::StorageFull).into()));
        assert!(!reader_has_left(&Failure::Usage("no".to_owned())));
    }
}
