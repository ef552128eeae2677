//! The graph stage: training rows, what the oracles state about them, and the resolved graph.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use relata_data::sink::write_atomically;
use relata_data::source::Samples;
use relata_data::{OperatorError, Session, query};
use relata_graph::{Graph, Groups, resolve};
use relata_oracle::{Context, Oracle, Relations};
use relata_schemas::samples::SPLIT;

use super::Run;
use super::execute::Work;
use crate::{PipelineError, Result};

/// Registers `samples` and `training`, and gives the row numbers of the latter. Without a condition, training rows are
/// those with `split = 'train'` if there is such a column, else all.
pub(crate) async fn training_rows(
    session: &Session,
    samples: &Samples,
    condition: Option<&str>,
) -> Result<Arc<Vec<u32>>> {
    let path = samples.samples_path.display().to_string();
    query::register_parquet(session, "samples", &path).await.map_err(OperatorError::from)?;
    let has_split = samples.columns.iter().any(|column| column == SPLIT);
    let condition = condition.unwrap_or(if has_split { "split = 'train'" } else { "true" });
    let text = format!("SELECT * FROM samples WHERE {condition}");
    let training = query::plan_sql(session, &text).await.map_err(OperatorError::from)?;
    session.register_table("training", training.into_view()).map_err(OperatorError::from)?;
    let ids = query::plan_sql(session, "SELECT id FROM training").await.map_err(OperatorError::from)?;
    let mut rows = Vec::new();
    for batch in query::collect(ids).await.map_err(OperatorError::from)? {
        let ids = batch["id"].as_primitive::<UInt64Type>().values();
        rows.extend(ids.iter().filter_map(|&id| samples.ids.row(id)));
    }
    if rows.is_empty() {
        return Err(PipelineError::NoTrainingRows { predicate: condition.to_owned() });
    }
    rows.sort_unstable();
    Ok(Arc::new(rows))
}

/// Hears every oracle and resolves what they state in the folder of `run`; `graph.json` is written last and marks the
/// stage as done.
pub(super) async fn relate(work: &Work<'_>, run: &Run, oracles: &[&dyn Oracle]) -> Result<Graph> {
    let Work { session, samples, screen, spec, .. } = work;
    let (mut settings, seed) = (spec.settings, spec.seed());
    std::fs::create_dir_all(run.folder()).map_err(OperatorError::io(run.folder()))?;
    let stage = screen.stage("relate", oracles.len() as u64, "oracles");
    let mut relations = Relations::create(run.folder())?;
    for (at, oracle) in oracles.iter().enumerate() {
        let context = Context { session, samples, seed };
        oracle.relate(&context, &mut relations).await?;
        let stated = relations.stated();
        stage.at(at as u64 + 1, format!("{} edges, {} memberships", stated.edges, stated.memberships));
    }
    let (stated, conflicts) = relations.finish()?;
    settings.views = stated.views;
    let groups = Groups::new(&run.read("memberships.parquet")?, &run.read("separations.parquet")?, &samples.ids)?;
    let statements = run.path("statements.parquet");
    let resolved = resolve(session, &statements, groups, &samples.ids, settings, conflicts, run.folder()).await?;
    std::fs::remove_file(&statements).map_err(OperatorError::io(&statements))?;
    let path = run.path("graph.json");
    let text = serde_json::to_vec(&settings)
        .map_err(|error| PipelineError::Corrupt { path: path.clone(), found: error.to_string() })?;
    write_atomically(&path, &text)?;
    let found =
        format!("{} edges, {} memberships, {} conflicts", resolved.edges, stated.memberships, resolved.conflicts);
    stage.finish(oracles.len() as u64, &found);
    Ok(resolved.graph)
}
