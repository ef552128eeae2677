//! SQL sessions over the tables of one or more runs.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use datafusion::catalog::MemorySchemaProvider;
use datafusion::common::TableReference;
use relata_data::Session;
use relata_data::source::parquet;

use super::catalogue::Catalogue;
use super::computed::TableOnDemand;
use super::error::SqlError;
use super::functions;
use super::ledger::{LedgerTable, OpenLedger, ReadLedger};
use super::rounds::{ReadRounds, RoundTable};
use super::views;
use crate::store::{Artifact, Run};

/// A session that sees the tables of the first run under their names and, if there are several runs, those of every
/// run as `run.table`, where a run is called like its folder; a second run of that name is called `name_2`.
///
/// Only tables that exist now are there; while rounds are asked, those of the last finished round, and the `metrics` of all.
/// Beside `metrics` is the view `scores`: the last value of each measure (`name`, `value`) and that of the raw features
/// (`raw`). Beside the `samples` of a table of text, numbers and dates is the view `features`: the raw values of the
/// columns that were learned from. A run that asks also has, as they are at the moment of the query, `questions`,
/// `answers`, `implied` (what each answer came to: `sequence`, `positives` and `negatives`, which are the pairs that
/// became known by it, and `outcome`: new, already_implied, contradiction, passed, undone, or outside of the training
/// rows), `rounds` (with the reason to `stop`) and `bridges` (answers that are doubted after a round), and of the first run
/// the views `standing` (answers that were not taken back) and `annotators`; when it is finished also `oracles` (coverage,
/// overlap and conflict of each) and `cost_curve` (what each measure was after each round, at which cost). See
/// [`audit`](crate::audit).
///
/// Of the first run there are, by the neighbours of its embeddings, the views `near_duplicates`, `split_leaks` (those across
/// the column `split`), `outliers`, and `label_issues` (labels, of the first evaluation's column, that contradict those
/// around them).
///
/// The table functions are `similar_pairs([embeddings,] similarity)` (`src`, `dst`, `similarity`), `nearest(embeddings, query, k [, metric])` (`rank`, `id`, `score`; the query is an id or a
/// vector, or the name of a table, for the nearest of each of its rows, whose id is in the column `query`) and
/// `neighbours([run,] id [, 'all'])` (`id`, `weight`, `source`; negatives that only follow from others if
/// asked for). Ids may be the user's own, as text. For vectors there are DataFusion's `array_distance`,
/// `cosine_distance`, `inner_product` and `array_normalize`, and the aggregate `mean_vector(vectors)`: their mean number
/// by number, for instance of each label's embeddings.
///
/// ```no_run
/// use relata::prelude::*;
/// use relata::sql::{query, session};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let session = session(&[Run::open("runs/first")?, Run::open("runs/second")?]).await?;
/// let text = "SELECT name, a.value, b.value FROM first.scores a JOIN second.scores b USING (name)";
/// query(&session, text).await?.show().await?;
/// # Ok(())
/// # }
/// ```
pub async fn session(runs: &[Run]) -> Result<Session, SqlError> {
    let session = relata_data::source::session();
    let catalogue = Arc::new(Catalogue::new(runs));
    if runs.len() > 1 {
        let default = session.copied_config().options().catalog.default_catalog.clone();
        if let Some(catalog) = session.catalog(&default) {
            for name in catalogue.run_names() {
                catalog.register_schema(&name, Arc::new(MemorySchemaProvider::new()))?;
            }
        }
    }
    views::allow(&session).await?;
    for file in catalogue.files() {
        let table = parquet(&file.path).table(&session).await?;
        session.register_table(file.reference(), table.into_view())?;
        if file.table == Artifact::Samples.table() {
            views::register_features(&session, &file.reference(), &file.path).await?;
        }
        if file.table == Artifact::Metrics.table() {
            views::register_scores(&session, &file.reference()).await?;
        }
    }
    let mut ledgers: BTreeMap<PathBuf, Arc<OpenLedger>> = BTreeMap::new();
    for (name, run) in catalogue.ledgers() {
        let reference = |table: &str| match &name {
            Some(name) => TableReference::partial(name.as_str(), table),
            None => TableReference::bare(table),
        };
        let ledger = ledgers.entry(run.folder().to_path_buf());
        let ledger = ledger.or_insert_with(|| Arc::new(OpenLedger::new(run.clone())));
        for table in LedgerTable::ALL {
            let read = ReadLedger { ledger: ledger.clone(), table };
            session.register_table(reference(table.name()), Arc::new(read))?;
        }
        for table in RoundTable::ALL {
            let read = TableOnDemand::new(ReadRounds { run: run.clone(), table });
            session.register_table(reference(table.name()), Arc::new(read))?;
        }
    }
    for (name, _) in catalogue.ledgers() {
        views::register_audits(&session, name.as_deref()).await?;
    }
    functions::register(&session, &catalogue);
    if let Some(first) = runs.first() {
        let label = first.plan().ok().and_then(|plan| plan.evaluate.first()?["label"].as_str().map(str::to_owned));
        views::register_neighbourhoods(&session, label.as_deref()).await?;
    }
    Ok(session)
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Float64Type;

    use super::super::query::query;
    use super::*;
    use crate::fixture;

    async fn number(session: &Session, text: &str) -> f64 {
        let frame = query(session, &format!("SELECT CAST(({text}) AS DOUBLE) AS number")).await.unwrap();
        let batches = frame.collect().await.unwrap();
        batches.iter().find(|batch| batch.num_rows() > 0).unwrap()["number"].as_primitive::<Float64Type>().value(0)
    }

    #[tokio::test]
    async fn every_run_has_a_schema_and_the_first_also_the_plain_names() {
        let folder = tempfile::tempdir().unwrap();
        let runs: Vec<Run> = ["a/digits", "b/digits", "My run [1]"]
            .iter()
            .enumerate()
            .map(|(number, name)| {
                let run = fixture::run(&folder.path().join(name));
                let rows: Vec<(u64, [f32; 1])> = (0..=number as u64).map(|id| (id, [1.0])).collect();
                fixture::embeddings(&run, &rows);
                run
            })
            .collect();
        fixture::write(&runs[1], Artifact::Samples, &fixture::vectors(&[(7, [0.0])]).project(&[0]).unwrap());
        let several = session(&runs).await.unwrap();
        for (table, rows) in
            [("embeddings", 1.0), ("digits.embeddings", 1.0), ("digits_2.embeddings", 2.0), ("digits_2.samples", 1.0)]
        {
            assert_eq!(number(&several, &format!("SELECT count(*) FROM {table}")).await, rows, "{table}");
        }
        assert_eq!(number(&several, r#"SELECT count(*) FROM "My run [1]".embeddings"#).await, 3.0);
        let nearest = r#"SELECT count(*) FROM nearest("My run [1]".embeddings, 0, 5)"#;
        assert_eq!(number(&several, nearest).await, 2.0);
        assert!(query(&several, "SELECT * FROM samples").await.is_err());
        let one = session(&runs[1..2]).await.unwrap();
        assert_eq!(number(&one, "SELECT count(*) FROM samples").await, 1.0);
        assert!(query(&one, "SELECT * FROM digits.samples").await.is_err());
    }

    #[tokio::test]
    async fn vector_functions_take_embeddings() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        fixture::embeddings(&run, &[(0, [3.0, 4.0]), (1, [0.0, 2.0])]);
        let session = session(&[run]).await.unwrap();
        for (expression, expected) in [
            ("array_distance(a.embedding, [0, 0.0])", 5.0),
            ("array_distance(a.embedding, b.embedding)", 13f64.sqrt()),
            ("cosine_distance(a.embedding, b.embedding)", 0.2),
            ("cosine_distance(a.embedding, [0, -1])", 1.8),
            ("inner_product(a.embedding, b.embedding)", 8.0),
            ("array_normalize(a.embedding)[2]", 0.8),
        ] {
            let text = format!("SELECT {expression} FROM embeddings a, embeddings b WHERE a.id = 0 AND b.id = 1");
            let found = number(&session, &text).await;
            assert!((found - expected).abs() < 1e-12, "{expression}: {found}");
        }
    }

    #[tokio::test]
    async fn a_run_that_is_still_asking_answers_from_its_last_finished_round() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        for (number, vector) in [(0u32, 1.0f32), (1, 2.0), (2, 3.0)] {
            let round = run.round(number);
            fixture::embeddings(&round, &[(7, [vector, 0.0]), (8, [0.0, vector])]);
            // The last round is not evaluated yet.
            if number < 2 {
                fixture::metrics(&round, &[(number, "knn.test", f64::from(number)), (number, "loss", 0.5)]);
            }
        }
        let session = session(std::slice::from_ref(&run)).await.unwrap();
        assert_eq!(number(&session, "SELECT embedding[1] FROM embeddings WHERE id = 7").await, 2.0);
        assert_eq!(number(&session, "SELECT count(*) FROM metrics").await, 4.0);
        assert_eq!(number(&session, "SELECT value FROM scores WHERE name = 'knn.test'").await, 1.0);
        assert_eq!(number(&session, "SELECT id FROM nearest(embeddings, 7, 1)").await, 8.0);
    }
}
