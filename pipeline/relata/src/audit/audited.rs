//! Audits: the tables of a run, opened for the questions of this module.

use std::fmt;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::json::WriterBuilder;
use arrow::json::writer::LineDelimited;
use relata_data::{DataError, Session};
use serde::de::DeserializeOwned;

use super::tables;
use crate::error::Result;
use crate::sql::query;
use crate::store::Run;

/// The tables of a run, finished or not; those that it does not have are empty.
pub struct Audit {
    session: Session,
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Audit").finish_non_exhaustive()
    }
}

impl Audit {
    /// Opens the tables of a run. While rounds are still being asked, `metrics` are those of the rounds so far, and what
    /// the graph consists of is that of the last round.
    ///
    /// ```no_run
    /// use relata::audit::Audit;
    /// use relata::prelude::*;
    ///
    /// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
    /// let audit = Audit::open(&Run::open("runs/digits")?).await?;
    /// for round in audit.rounds().await? {
    ///     println!("round {} cost {}", round.round, round.spent);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn open(run: &Run) -> Result<Self> {
        Ok(Self { session: tables::session(run).await? })
    }

    /// The answer to any query over the tables, such as one of this module.
    pub async fn batches(&self, text: &str) -> Result<Vec<RecordBatch>> {
        let table = query(&self.session, text).await?;
        Ok(relata_data::query::collect(table).await.map_err(DataError::from)?)
    }

    /// The rows of a query by the names of their columns.
    pub(crate) async fn rows<T: DeserializeOwned>(&self, query: &str) -> Result<Vec<T>> {
        let mut text = Vec::new();
        let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(&mut text);
        for batch in self.batches(query).await? {
            writer.write(&batch).map_err(DataError::from)?;
        }
        writer.finish().map_err(DataError::from)?;
        drop(writer);
        let rows: Result<Vec<_>, serde_json::Error> = serde_json::Deserializer::from_slice(&text).into_iter().collect();
        rows.map_err(|error| DataError::from(ArrowError::JsonError(error.to_string())).into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Artifact;

    #[tokio::test]
    async fn a_run_that_asked_nothing_has_empty_tables_and_no_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let run = crate::fixture::run(folder.path());
        let audit = Audit::open(&run).await.unwrap();
        assert!(audit.annotators().await.unwrap().is_empty() && audit.oracles().await.unwrap().is_empty());
        assert!(audit.rounds().await.unwrap().is_empty() && audit.curve().await.unwrap().is_empty());
        let error = run.ledger().unwrap_err().to_string();
        assert!(error.contains("has no questions") && error.contains(".ask("), "{error}");
        assert!(!run.path(Artifact::Ledger).exists(), "looking makes no ledger");
    }

    #[tokio::test]
    async fn rows_keep_large_ids_and_every_digit() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::open(&crate::fixture::run(folder.path())).await.unwrap();
        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Found {
            id: u64,
            value: f64,
            none: Option<f64>,
        }
        let query = "SELECT 18446744073709551615 AS id, 0.1 + 0.2 AS value, CAST('NaN' AS DOUBLE) AS none";
        let found: Vec<Found> = audit.rows(query).await.unwrap();
        assert_eq!(found, [Found { id: u64::MAX, value: 0.1 + 0.2, none: None }]);
    }
}
