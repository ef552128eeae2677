//! Views: queries over the tables of the first run that have a name.

use std::path::Path;
use std::sync::Arc;

use datafusion::common::TableReference;
use datafusion::datasource::ViewTable;
use relata_data::Session;
use relata_data::fields::FittedFields;
use relata_data::query::plan_sql;
use relata_data::source::Samples;

use super::error::SqlError;

/// How much each annotator answers.
pub(crate) const ANNOTATORS: &str = include_str!("annotators.sql");
/// Every measurement over what was spent up to it.
pub(crate) const CURVE: &str = include_str!("curve.sql");
/// How much of what was asked each oracle speaks about.
pub(crate) const ORACLES: &str = include_str!("oracles.sql");
/// What each round asked and cost.
pub(crate) const ROUNDS: &str = include_str!("rounds.sql");

const SCORES_NAME: &str = "scores";
const FEATURES_NAME: &str = "features";

/// Answers that were not taken back.
const STANDING: &str = "
    SELECT a.* FROM answers a LEFT ANTI JOIN answers u ON u.undoes = a.sequence WHERE a.undoes IS NULL";

/// The last value of each measure, beside that of the raw features; `{}` is the table of metrics.
const SCORES: &str = "
    WITH last AS (SELECT name, last_value(value ORDER BY round, step, at) AS value FROM {} GROUP BY name)
    SELECT l.name, l.value, r.value AS raw FROM last l LEFT JOIN last r ON r.name = concat('raw.', l.name)
    WHERE NOT starts_with(l.name, 'raw.')";

/// Names and queries about questions and answers.
const VIEWS: [(&str, &str); 4] =
    [("standing", STANDING), ("annotators", ANNOTATORS), ("oracles", ORACLES), ("cost_curve", CURVE)];

/// Names and queries about embeddings, each of which may look at those before.
const OF_EMBEDDINGS: [(&str, &str); 3] = [
    ("near_duplicates", include_str!("near_duplicates.sql")),
    ("split_leaks", include_str!("split_leaks.sql")),
    ("outliers", include_str!("outliers.sql")),
];
/// Names and queries about the audit of a decision.
const OF_AUDITS: [(&str, &str); 2] =
    [("reliability", include_str!("reliability.sql")), ("precision_recall", include_str!("precision_recall.sql"))];
/// Labels that contradict their neighbours; `{label}` is the column.
const LABEL_ISSUES: &str = include_str!("label_issues.sql");

/// Lets a session have views.
pub(super) async fn allow(session: &Session) -> Result<(), SqlError> {
    // Where a query takes some columns of a view only, DataFusion compares schemas with and without the names of our tables
    // in their metadata, and would refuse its own plan.
    plan_sql(session, "SET datafusion.execution.skip_physical_aggregate_schema_check = true").await?;
    Ok(())
}

/// Registers `scores` beside a table of metrics.
pub(super) async fn register_scores(session: &Session, metrics: &TableReference) -> Result<(), SqlError> {
    let name = match metrics.schema() {
        Some(schema) => TableReference::partial(schema, SCORES_NAME),
        None => TableReference::bare(SCORES_NAME),
    };
    register(session, name, &SCORES.replace("{}", &metrics.to_quoted_string())).await
}

/// Registers `features` beside the samples of a table: the raw values of its fields.
pub(super) async fn register_features(
    session: &Session,
    samples: &TableReference,
    path: &Path,
) -> Result<(), SqlError> {
    let fitted = Samples::fields_path(path.parent().unwrap_or(path));
    if !fitted.is_file() {
        return Ok(());
    }
    let there = session.table(samples.clone()).await?;
    let columns = FittedFields::read(&fitted)?.fields.into_iter().map(|fitted| fitted.field.column);
    // Ids have numbers of their own in `samples`.
    let columns = columns.filter(|column| column != "id" && there.schema().has_column_with_unqualified_name(column));
    let columns: Vec<String> = columns.map(|column| format!("\"{}\"", column.replace('"', "\"\""))).collect();
    let name = match samples.schema() {
        Some(schema) => TableReference::partial(schema, FEATURES_NAME),
        None => TableReference::bare(FEATURES_NAME),
    };
    let query = format!("SELECT id, {} FROM {}", columns.join(", "), samples.to_quoted_string());
    register(session, name, &query).await
}

/// Registers each view about questions and answers whose tables are there; those that look at edges and metrics are not
/// before a round is finished. `run` is the schema of the tables, if they are not those of the first run.
pub(super) async fn register_audits(session: &Session, run: Option<&str>) -> Result<(), SqlError> {
    for (name, query) in VIEWS {
        let name = match run {
            Some(run) => TableReference::partial(run, name),
            None => TableReference::bare(name),
        };
        register(session, name, query).await?;
    }
    Ok(())
}

/// Registers the views about audits and embeddings whose columns are there; `label` is the column of labels, if there is one. The
/// functions of the session come first.
pub(super) async fn register_neighbourhoods(session: &Session, label: Option<&str>) -> Result<(), SqlError> {
    for (name, query) in OF_AUDITS.into_iter().chain(OF_EMBEDDINGS) {
        register(session, TableReference::bare(name), query).await?;
    }
    let Some(label) = label else { return Ok(()) };
    let query = LABEL_ISSUES.replace("{label}", &format!("\"{}\"", label.replace('"', "\"\"")));
    register(session, TableReference::bare("label_issues"), &query).await
}

async fn register(session: &Session, name: TableReference, query: &str) -> Result<(), SqlError> {
    let mut state = session.state();
    if let Some(run) = name.schema() {
        // The query names the tables of its own run.
        state.config_mut().options_mut().catalog.default_schema = run.to_owned();
    }
    if let Ok(plan) = state.create_logical_plan(query).await {
        session.register_table(name, Arc::new(ViewTable::new(plan, Some(query.to_owned()))))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, BooleanArray, Float64Array, RecordBatch, StringArray, UInt64Array};
    use arrow::datatypes::{Float64Type, Int64Type, UInt64Type};

    use crate::fixture::{self, answer, asked};
    use crate::sql::{query, session};
    use crate::store::Artifact;

    #[tokio::test]
    async fn answers_in_force_and_annotators_are_views_of_a_run_that_asks() {
        let (_folder, run) = asked(&[(1, 10, &[11]), (2, 12, &[11])]);
        let ledger = run.ledger().unwrap();
        let said = [answer(1, 10, 11, Some(true), "ann"), answer(2, 12, 11, Some(true), "bob")];
        ledger.record(&said).unwrap();
        ledger.undo(2, "bob").unwrap();
        let session = session(std::slice::from_ref(&run)).await.unwrap();
        let count = async |text: &str| {
            let batches = query(&session, text).await.unwrap().collect().await.unwrap();
            batches[0].column(0).as_primitive::<Int64Type>().value(0)
        };
        assert_eq!(count("SELECT count(*) FROM answers").await, 3);
        assert_eq!(count("SELECT count(*) FROM standing").await, 1);
        assert_eq!(count("SELECT undone FROM annotators WHERE annotator = 'bob'").await, 1);
        assert_eq!(count("SELECT answers + yes FROM annotators WHERE annotator = 'ann'").await, 2);
        let missing = query(&session, "SELECT * FROM oracles").await;
        assert!(missing.is_err(), "the run has no edges yet");
    }

    #[tokio::test]
    async fn audits_show_how_far_probabilities_hold() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt64Array::from_iter_values(0..4)),
            Arc::new(UInt64Array::from_iter_values(4..8)),
            Arc::new(Float64Array::from(vec![Some(0.95), Some(0.85), Some(0.15), None])),
            Arc::new(BooleanArray::from(vec![true, true, false, true])),
            Arc::new(BooleanArray::from(vec![Some(true), Some(false), Some(true), Some(true)])),
            Arc::new(Float64Array::from(vec![3.0, 1.0, 4.0, 1.0])),
        ];
        let audit = RecordBatch::try_new(relata_schemas::audit::AUDIT.schema(), columns).unwrap();
        fixture::write(&run, Artifact::Audit, &audit);
        let session = session(std::slice::from_ref(&run)).await.unwrap();
        let number = async |text: &str| {
            let batches = query(&session, text).await.unwrap().collect().await.unwrap();
            batches[0].column(0).as_primitive::<Float64Type>().value(0)
        };
        assert_eq!(number("SELECT related FROM reliability WHERE lower = 0.8").await, 0.0);
        assert_eq!(number("SELECT precision FROM precision_recall WHERE threshold = 0.85").await, 0.75);
        assert!((number("SELECT recall FROM precision_recall WHERE threshold = 0.85").await - 3.0 / 7.0).abs() < 1e-12);
    }

    #[tokio::test]
    async fn neighbourhoods_show_leaks_outliers_and_odd_labels() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        // Two directions; the sample 3 lies alone, and 6 is labelled like the others' direction.
        let at = |angle: f32| [angle.cos(), angle.sin()];
        let rows =
            [(0, at(0.0)), (1, at(0.01)), (2, at(0.02)), (3, at(2.5)), (4, at(1.2)), (5, at(1.21)), (6, at(1.22))];
        fixture::embeddings(&run, &rows);
        let (labels, splits) =
            (["a", "a", "a", "b", "b", "b", "a"], ["train", "test", "train", "train", "train", "train", "train"]);
        let samples = RecordBatch::try_from_iter([
            ("id", Arc::new(UInt64Array::from_iter_values(0..7)) as ArrayRef),
            ("label", Arc::new(StringArray::from_iter_values(labels)) as ArrayRef),
            ("split", Arc::new(StringArray::from_iter_values(splits)) as ArrayRef),
        ]);
        fixture::write(&run, Artifact::Samples, &samples.unwrap());
        let session = session(std::slice::from_ref(&run)).await.unwrap();
        let ids = async |text: &str| {
            let batches = query(&session, text).await.unwrap().collect().await.unwrap();
            let of = |batch: &RecordBatch| batch.column(0).as_primitive::<UInt64Type>().values().to_vec();
            batches.iter().flat_map(of).collect::<Vec<u64>>()
        };
        assert_eq!(ids("SELECT id FROM outliers ORDER BY similarity LIMIT 1").await, [3]);
        let leaks = "SELECT src FROM split_leaks WHERE similarity > 0.99 ORDER BY src, dst";
        assert_eq!(ids(leaks).await, [0, 1]);
        assert!(ids("SELECT id FROM label_issues").await.contains(&6));
        assert_eq!(
            ids("SELECT src FROM near_duplicates WHERE similarity > 0.999 ORDER BY src, dst").await,
            [0, 0, 1, 4, 4, 5]
        );
    }
}
