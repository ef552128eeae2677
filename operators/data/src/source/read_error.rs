//! Read errors: from DataFusion's errors to ours. A source's own error comes out as it was, a malformed file as
//! unreadable.

use std::error::Error;
use std::sync::Arc;

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;

use crate::DataError;
use crate::object_store::from_query;

/// The error of reading `table` (a file, or what else the source is called).
pub fn read_error(table: &str, error: DataFusionError) -> DataError {
    if let Some(error) = from_query(table, &error) {
        return error;
    }
    match error {
        DataFusionError::Context(_, inner) | DataFusionError::Diagnostic(_, inner) => read_error(table, *inner),
        DataFusionError::Shared(inner) => match Arc::try_unwrap(inner) {
            Ok(inner) => read_error(table, inner),
            Err(shared) => DataFusionError::Shared(shared).into(),
        },
        DataFusionError::External(inner) => own(inner).unwrap_or_else(|inner| DataFusionError::External(inner).into()),
        DataFusionError::ArrowError(inner, backtrace) => match *inner {
            ArrowError::ExternalError(inner) => {
                own(inner).unwrap_or_else(|inner| DataFusionError::External(inner).into())
            }
            ArrowError::CsvError(found)
            | ArrowError::JsonError(found)
            | ArrowError::ParseError(found)
            | ArrowError::ParquetError(found) => unreadable(table, found),
            other => DataFusionError::ArrowError(Box::new(other), backtrace).into(),
        },
        DataFusionError::ParquetError(inner) => unreadable(table, inner.to_string()),
        DataFusionError::ObjectStore(inner) => unreadable(table, inner.to_string()),
        DataFusionError::IoError(inner) => unreadable(table, inner.to_string()),
        other => other.into(),
    }
}

type Boxed = Box<dyn Error + Send + Sync>;

fn own(error: Boxed) -> Result<DataError, Boxed> {
    error.downcast::<DataError>().map(|error| *error)
}

fn unreadable(table: &str, found: String) -> DataError {
    DataError::Unreadable {
        path: table.into(),
        expected: "a whole, well-formed file with one type per column".to_owned(),
        found: format!("`{}`", found.trim_end_matches('.')),
        hint: "Look at the place it names, or copy the file again.".to_owned(),
    }
}
