//! Conformance of sources.

use relata_data::query;
use relata_data::source::{Source, session};

use crate::check_description;
use crate::fixture::on_a_runtime;

/// Checks a source: its files are there, and two readings give the same columns and rows in the same order.
pub fn check_source(source: &(impl Source + ?Sized)) {
    check_description(&|| source.describe());
    let files = source.files().unwrap_or_else(|error| panic!("files: {error}"));
    assert!(files.iter().all(|file| file.exists()), "files: one of {files:?} is not there");
    on_a_runtime(async {
        let read = async || {
            let session = session();
            session.state_ref().write().config_mut().options_mut().execution.target_partitions = 1;
            let table = source.table(&session).await.unwrap_or_else(|error| panic!("table: {error}"));
            query::collect(table).await.unwrap_or_else(|error| panic!("table: {error}"))
        };
        let (first, second) = (read().await, read().await);
        let rows = |batches: &[arrow::array::RecordBatch]| batches.iter().map(|batch| batch.num_rows()).sum::<usize>();
        assert!(rows(&first) > 0, "table: the source has no rows");
        assert_eq!(rows(&first), rows(&second), "table: two readings give different numbers of rows");
        let joined = |batches: &[arrow::array::RecordBatch]| {
            arrow::compute::concat_batches(&batches[0].schema(), batches)
                .unwrap_or_else(|error| panic!("table: {error}"))
        };
        assert_eq!(joined(&first), joined(&second), "table: two readings give different rows or another order");
    });
}
