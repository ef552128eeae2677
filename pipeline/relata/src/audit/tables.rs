//! Tables of an audit, also of a run that is not finished.

use std::sync::Arc;

use datafusion::datasource::empty::EmptyTable;
use relata_data::{DataError, Session};
use relata_schemas::Table;
use relata_schemas::answers::ANSWERS;
use relata_schemas::conflicts::CONFLICTS;
use relata_schemas::edges::EDGES;
use relata_schemas::memberships::MEMBERSHIPS;
use relata_schemas::metrics::METRICS;
use relata_schemas::oracle_accuracy::ORACLE_ACCURACY;
use relata_schemas::questions::QUESTIONS;
use relata_schemas::separations::SEPARATIONS;

use crate::error::Result;
use crate::store::Run;

const TABLES: [&Table; 8] =
    [&QUESTIONS, &ANSWERS, &METRICS, &CONFLICTS, &ORACLE_ACCURACY, &EDGES, &MEMBERSHIPS, &SEPARATIONS];

/// A session with all of [`TABLES`]: those that neither the run nor its rounds have are empty.
pub(super) async fn session(run: &Run) -> Result<Session> {
    let session = crate::sql::session(std::slice::from_ref(run)).await?;
    for table in TABLES {
        if session.table_exist(table.name).map_err(DataError::from)? {
            continue;
        }
        session.register_table(table.name, Arc::new(EmptyTable::new(table.schema()))).map_err(DataError::from)?;
    }
    Ok(session)
}

#[cfg(test)]
mod tests {
    use super::super::audited::Audit;
    use crate::fixture;
    use crate::fixture::metrics;

    #[tokio::test]
    async fn a_run_that_is_still_asking_has_the_metrics_of_its_rounds_so_far() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        let round = |number: u32| run.round(number);
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
