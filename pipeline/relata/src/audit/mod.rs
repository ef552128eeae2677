//! What the answers of a run are worth: who gave them and how well, what each round bought, and at which cost.
//!
//! Every table is one query, such as [`ROUNDS`], over the tables of the run, so `relata sql RUN` answers it too; only
//! what comes out of an estimation is added in Rust.

mod annotators;
mod curve;
mod oracles;
mod rounds;
mod tables;

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::json::WriterBuilder;
use arrow::json::writer::LineDelimited;
use relata_active::ledger::{FILE, Ledger};
use relata_data::{OperatorError, Session};
use serde::de::DeserializeOwned;

pub(crate) use annotators::Vote;
pub use annotators::{ANNOTATORS, Annotator};
pub use curve::{CURVE, CurvePoint};
pub use oracles::{ORACLES, OracleSummary};
pub use rounds::{ROUNDS, RoundSummary};

use crate::run::Run;
use crate::{PipelineError, Result};

/// The tables of a run, finished or not; those that it does not have are empty.
pub struct Audit {
    session: Session,
}

impl Audit {
    /// Opens the tables of a run. While rounds are still being asked, `metrics` are those of the rounds so far, and what
    /// the graph consists of is that of the last round.
    pub async fn open(run: &Run) -> Result<Self> {
        Ok(Self { session: tables::session(run).await? })
    }

    /// The answer to any query over the tables, such as one of this module.
    pub async fn batches(&self, query: &str) -> Result<Vec<RecordBatch>> {
        let table = crate::sql::query(&self.session, query).await?;
        Ok(relata_data::query::collect(table).await.map_err(OperatorError::from)?)
    }

    /// The rows of a query by the names of their columns.
    pub(crate) async fn rows<T: DeserializeOwned>(&self, query: &str) -> Result<Vec<T>> {
        let mut text = Vec::new();
        let mut writer = WriterBuilder::new().with_explicit_nulls(true).build::<_, LineDelimited>(&mut text);
        for batch in self.batches(query).await? {
            writer.write(&batch).map_err(OperatorError::from)?;
        }
        writer.finish().map_err(OperatorError::from)?;
        drop(writer);
        let rows: Result<Vec<_>, serde_json::Error> = serde_json::Deserializer::from_slice(&text).into_iter().collect();
        rows.map_err(|error| OperatorError::from(ArrowError::JsonError(error.to_string())).into())
    }
}

impl Run {
    /// The questions and answers of the run; an error if it never asked anything.
    pub fn ledger(&self) -> Result<Ledger> {
        if !self.path(FILE).is_file() {
            return Err(PipelineError::NotThere {
                folder: self.folder().to_path_buf(),
                what: "questions".to_owned(),
                hint: "Only a pipeline that asks, by `.ask(oracle, strategy.budget(..))`, has them: run one."
                    .to_owned(),
            });
        }
        Ok(Ledger::open(self.folder())?)
    }
}

#[cfg(test)]
pub(crate) mod fixture;

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_run_that_asked_nothing_has_empty_tables_and_no_ledger() {
        let folder = tempfile::tempdir().unwrap();
        let run = crate::sql::fixture::run(folder.path());
        let audit = Audit::open(&run).await.unwrap();
        assert!(audit.annotators().await.unwrap().is_empty() && audit.oracles().await.unwrap().is_empty());
        assert!(audit.rounds().await.unwrap().is_empty() && audit.curve().await.unwrap().is_empty());
        let error = run.ledger().unwrap_err().to_string();
        assert!(error.contains("has no questions") && error.contains(".ask("), "{error}");
        assert!(!run.path(FILE).exists(), "looking makes no ledger");
    }

    #[tokio::test]
    async fn rows_keep_large_ids_and_every_digit() {
        let folder = tempfile::tempdir().unwrap();
        let audit = Audit::open(&crate::sql::fixture::run(folder.path())).await.unwrap();
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
