//! The tables that audits look at, also of a run that is not finished.

use std::sync::Arc;

use datafusion::datasource::empty::EmptyTable;
use relata_data::source::parquet;
use relata_data::{OperatorError, Session};
use relata_schemas::Table;
use relata_schemas::answers::ANSWERS;
use relata_schemas::conflicts::CONFLICTS;
use relata_schemas::edges::EDGES;
use relata_schemas::memberships::MEMBERSHIPS;
use relata_schemas::metrics::METRICS;
use relata_schemas::questions::QUESTIONS;
use relata_schemas::separations::SEPARATIONS;

use crate::Result;
use crate::run::Run;

const TABLES: [&Table; 7] = [&QUESTIONS, &ANSWERS, &METRICS, &CONFLICTS, &EDGES, &MEMBERSHIPS, &SEPARATIONS];

/// A session with all of [`TABLES`]: what the run folder lacks is taken from its rounds, or is empty.
pub(super) async fn session(run: &Run) -> Result<Session> {
    let session = crate::sql::session(std::slice::from_ref(run)).await?;
    for table in TABLES {
        if session.table_exist(table.name).map_err(OperatorError::from)? {
            continue;
        }
        let found = match of_rounds(run, table) {
            Some(path) => parquet(run.path(&path)).table(&session).await.map(|found| found.into_view())?,
            None => Arc::new(EmptyTable::new(table.schema())),
        };
        session.register_table(table.name, found).map_err(OperatorError::from)?;
    }
    Ok(session)
}

/// The metrics of all rounds, or another table of the last round that has it.
fn of_rounds(run: &Run, table: &Table) -> Option<String> {
    let file = |round: &dyn std::fmt::Display| format!("rounds/{round}/{}.parquet", table.name);
    let rounds = (0u32..).take_while(|round| run.path(&format!("rounds/{round}")).is_dir());
    let last = rounds.map(|round| file(&round)).filter(|path| run.path(path).is_file()).last()?;
    Some(if table.name == METRICS.name { file(&"*") } else { last })
}

#[cfg(test)]
mod tests {
    use super::super::Audit;
    use super::super::fixture::metrics;
    use crate::run::Run;
    use crate::sql::fixture;

    #[tokio::test]
    async fn a_run_that_is_still_asking_has_the_metrics_of_its_rounds_so_far() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        let round = |number: u32| Run::at(run.path(&format!("rounds/{number}")));
        metrics(&round(0), &[(0, "knn.test", 0.5)]);
        metrics(&round(1), &[(1, "knn.test", 0.7), (1, "ask.spent", 10.0)]);
        std::fs::create_dir_all(round(2).folder()).unwrap();
        let curve = Audit::open(&run).await.unwrap().curve().await.unwrap();
        let found: Vec<_> = curve.iter().map(|point| (point.round, point.spent, point.value)).collect();
        assert_eq!(found, [(0, 0.0, 0.5), (1, 10.0, 0.7)]);
        // The metrics of the finished run take their place.
        metrics(&run, &[(0, "knn.test", 0.25)]);
        let curve = Audit::open(&run).await.unwrap().curve().await.unwrap();
        assert_eq!(curve.len(), 1);
    }
}
