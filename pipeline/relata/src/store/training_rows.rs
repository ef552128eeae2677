//! Training rows: the samples that are trained on and asked about.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use relata_data::index::{Row, SampleId};
use relata_data::source::Samples;
use relata_data::{DataError, Session, query};
use relata_schemas::samples::SPLIT;

use super::error::{Result, StoreError};

/// Registers `samples` and `training`, and gives the row numbers of the latter. Without a condition, training rows are
/// those with `split = 'train'` if there is such a column, else all.
pub(crate) async fn training_rows(
    session: &Session,
    samples: &Samples,
    condition: Option<&str>,
) -> Result<Arc<Vec<Row>>> {
    let path = samples.samples_path.display().to_string();
    query::register_parquet(session, "samples", &path).await.map_err(DataError::from)?;
    let has_split = samples.columns.iter().any(|column| column == SPLIT);
    let condition = condition.unwrap_or(if has_split { "split = 'train'" } else { "true" });
    let text = format!("SELECT * FROM samples WHERE {condition}");
    let training = query::plan_sql(session, &text).await.map_err(DataError::from)?;
    session.register_table("training", training.into_view()).map_err(DataError::from)?;
    let ids = query::plan_sql(session, "SELECT id FROM training").await.map_err(DataError::from)?;
    let mut rows = Vec::new();
    for batch in query::collect(ids).await.map_err(DataError::from)? {
        let ids = SampleId::slice(batch["id"].as_primitive::<UInt64Type>().values());
        rows.extend(ids.iter().filter_map(|&id| samples.ids.row(id)));
    }
    if rows.is_empty() {
        return Err(StoreError::NoTrainingRows { predicate: condition.to_owned() });
    }
    rows.sort_unstable();
    Ok(Arc::new(rows))
}
