//! `questions`, `answers` and `implied`: the ledger of a run as it is at the moment of the query, while it is being
//! written.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use relata_active::ledger::Ledger;
use relata_schemas::answers::ANSWERS;
use relata_schemas::questions::QUESTIONS;

use super::error::SqlError;
use super::implied;
use crate::store::Run;

/// A table of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LedgerTable {
    Questions,
    Answers,
    Implied,
}

impl LedgerTable {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Questions, Self::Answers, Self::Implied];

    /// The table's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Questions => QUESTIONS.name,
            Self::Answers => ANSWERS.name,
            Self::Implied => "implied",
        }
    }
}

/// The ledger of a run, opened by the first query of a session that needs it and read once for every query.
#[derive(Debug)]
pub(super) struct OpenLedger {
    run: Run,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    ledger: Option<Ledger>,
    /// What was read last, and when the query began that it was read for.
    last: Option<(i64, Tables)>,
}

/// Questions and answers of one moment.
type Tables = (RecordBatch, RecordBatch);

impl OpenLedger {
    /// The ledger of a run, which is not opened yet.
    pub fn new(run: Run) -> Self {
        Self { run, state: Mutex::default() }
    }

    /// The tables for the query that began at a moment: all scans of one query see the same rows.
    fn tables(&self, begun: Option<i64>) -> Result<Tables, SqlError> {
        // A panic while the lock was held has left at most what was read before.
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some((last, tables)), Some(begun)) = (&state.last, begun)
            && *last == begun
        {
            return Ok(tables.clone());
        }
        let ledger = match &state.ledger {
            Some(ledger) => ledger.clone(),
            None => Ledger::open(self.run.folder())?,
        };
        let tables = ledger.tables()?;
        state.ledger = Some(ledger);
        state.last = begun.map(|begun| (begun, tables.clone()));
        Ok(tables)
    }
}

/// A table of an open ledger.
#[derive(Debug)]
pub(super) struct ReadLedger {
    pub ledger: Arc<OpenLedger>,
    pub table: LedgerTable,
}

#[async_trait]
impl TableProvider for ReadLedger {
    fn schema(&self) -> SchemaRef {
        match self.table {
            LedgerTable::Questions => QUESTIONS.schema(),
            LedgerTable::Answers => ANSWERS.schema(),
            LedgerTable::Implied => implied::SCHEMA.clone(),
        }
    }

    fn table_type(&self) -> TableType {
        TableType::Temporary
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let begun = state.execution_props().query_execution_start_time.and_then(|time| time.timestamp_nanos_opt());
        let ledger = self.ledger.clone();
        let read = tokio::task::spawn_blocking(move || ledger.tables(begun)).await;
        let (questions, answers) = read.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))??;
        let batch = match self.table {
            LedgerTable::Questions => questions,
            LedgerTable::Answers => answers,
            LedgerTable::Implied => implied::table(&self.ledger.run, answers).await?,
        };
        Ok(MemorySourceConfig::try_new_exec(&[vec![batch]], self.schema(), projection.cloned())?)
    }
}

#[cfg(test)]
mod tests {
    use super::super::query::query;
    use super::super::session::session;
    use crate::fixture::{answer, asked};

    #[tokio::test]
    async fn a_query_sees_one_moment_and_the_next_query_a_later_one() {
        let (_folder, run) = asked(&[(1, 1, &[2, 3])]);
        let ledger = run.ledger().unwrap();
        ledger.record(&[answer(1, 1, 2, Some(true), "ann")]).unwrap();
        let session = session(&[run]).await.unwrap();
        let text = "SELECT a.candidate FROM answers a UNION ALL SELECT b.candidate FROM answers b";
        let rows = async |frame: datafusion::prelude::DataFrame| {
            frame.collect().await.unwrap().iter().map(|batch| batch.num_rows()).sum::<usize>()
        };
        let planned = query(&session, text).await.unwrap();
        // One scan has been planned when another answer comes in.
        let first = planned.clone();
        assert_eq!(rows(first).await, 2);
        ledger.record(&[answer(1, 1, 3, Some(false), "ann")]).unwrap();
        assert_eq!(rows(planned).await, 2, "the same query sees what it saw");
        assert_eq!(rows(query(&session, text).await.unwrap()).await, 4);
    }
}
