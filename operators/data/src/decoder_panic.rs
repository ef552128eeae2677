//! Panics of decoders: those of other crates panic at some damaged files, which are errors here.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use futures::{FutureExt, StreamExt};
use parquet::errors::ParquetError;

/// What a decoder gives, or its panic.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ParquetError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(panic.as_ref())))
}

/// The same for decoders whose errors are texts.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(panicked(panic.as_ref()).to_string()))
}

/// What a query gives, or the panic of a decoder.
pub(crate) async fn caught_query<T>(work: impl Future<Output = QueryResult<T>>) -> QueryResult<T> {
    let outcome = AssertUnwindSafe(work).catch_unwind().await;
    outcome.unwrap_or_else(|panic| Err(query_error(panic.as_ref())))
}

/// A stream that ends with an error where a decoder panics.
pub(crate) fn caught_stream(rows: SendableRecordBatchStream) -> SendableRecordBatchStream {
    let schema = rows.schema();
    let rows = AssertUnwindSafe(rows).catch_unwind();
    let rows = rows.map(|batch| batch.unwrap_or_else(|panic| Err(query_error(panic.as_ref()))));
    Box::pin(RecordBatchStreamAdapter::new(schema, rows))
}

fn query_error(panic: &(dyn Any + Send)) -> DataFusionError {
    DataFusionError::ParquetError(Box::new(panicked(panic)))
}

/// A panic as an error.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> ParquetError {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    ParquetError::General(format!("the decoder gave up: {}", text.unwrap_or("it did not say why")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_that_says_the_same() {
        let error = caught::<()>(|| panic!("at page {}", 7)).unwrap_err().to_string();
        assert!(error.contains("at page 7"), "{error}");
        let error = caught_query::<()>(async { panic!("no such type") }).await.unwrap_err().to_string();
        assert!(error.contains("no such type"), "{error}");
        let schema = arrow::datatypes::Schema::empty();
        let rows = RecordBatchStreamAdapter::new(schema.into(), futures::stream::once(async { panic!("in a batch") }));
        let rows: Vec<_> = caught_stream(Box::pin(rows)).collect().await;
        assert!(rows.len() == 1 && rows[0].as_ref().unwrap_err().to_string().contains("in a batch"));
    }
}
