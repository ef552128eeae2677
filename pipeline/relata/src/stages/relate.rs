//! Relate stage: what the oracles state about the training rows, and the resolved graph.

use relata_data::DataError;
use relata_graph::{Graph, StatedRelations, resolve};
use relata_oracle::{Context, Notes, Oracle, RelationCounts, Relations};

use super::context::StageContext;
use crate::error::Result;
use crate::store::{Artifact, Run};

/// The graph of `run`: the one that is there, or what the oracles state.
pub(super) async fn graph(context: &StageContext<'_>, run: &Run, oracles: &[&dyn Oracle]) -> Result<Graph> {
    match run.path(Artifact::GraphSettings).exists() {
        true => Ok(run.graph(&context.samples)?),
        false => relate(context, run, oracles).await,
    }
}

/// Hears every oracle and resolves what they state; the settings are written last and mark the stage as done.
async fn relate(context: &StageContext<'_>, run: &Run, oracles: &[&dyn Oracle]) -> Result<Graph> {
    context.unless_cancelled("relate")?;
    let StageContext { session, samples, reporter, spec, .. } = context;
    let (mut settings, seed) = (spec.settings, spec.seed());
    std::fs::create_dir_all(run.folder()).map_err(DataError::io(run.folder()))?;
    let stage = reporter.stage("relate", oracles.len() as u64, "oracles");
    let mut relations = Relations::create(run.folder())?;
    let hear = |text: &str| reporter.note("relate", text);
    for (at, oracle) in oracles.iter().enumerate() {
        oracle
            .relate(&Context { notes: Notes::to(&hear), ..Context::new(session, samples, seed) }, &mut relations)
            .await?;
        let stated = relations.counts();
        let skipped = skipped(&stated);
        stage.at(at as u64 + 1, &format!("{} edges, {} memberships{skipped}", stated.edges, stated.memberships));
    }
    let StatedRelations { counts, groups, conflicts } = relations.finish()?;
    settings.views = counts.views;
    let statements = run.path(Artifact::Statements);
    let groups = groups.build(&samples.ids)?;
    let resolved = resolve(session, &statements, groups, &samples.ids, settings, conflicts, run.folder()).await?;
    std::fs::remove_file(&statements).map_err(DataError::io(&statements))?;
    run.write_graph_settings(&settings)?;
    let (edges, conflicts, skipped) = (resolved.edges, resolved.conflicts, skipped(&counts));
    let found = format!("{edges} edges, {} memberships, {conflicts} conflicts{skipped}", counts.memberships);
    stage.finish(oracles.len() as u64, &found);
    Ok(resolved.graph)
}

/// What edge files had that was skipped, if anything.
fn skipped(counts: &RelationCounts) -> String {
    match counts.skipped.total() {
        0 => String::new(),
        _ => format!(", {}", counts.skipped),
    }
}
