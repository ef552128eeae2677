//! Relate stage: what the oracles state about the training rows, and the resolved graph.

use relata_data::DataError;
use relata_graph::{Graph, OracleAccuracy, Resolution, Resolved, StatedRelations, resolve};
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
    let StatedRelations { counts, groups, conflicts, known } = relations.finish()?;
    settings.views = counts.views;
    let statements = run.path(Artifact::Statements);
    let groups = groups.build(&samples.ids)?;
    let resolution = Resolution { settings, by_agreement: spec.weigh_by_agreement, known, seed };
    let resolved = resolve(session, &statements, groups, &samples.ids, resolution, conflicts, run.folder()).await?;
    if spec.weigh_by_agreement {
        hear(&weights(&resolved));
    }
    std::fs::remove_file(&statements).map_err(DataError::io(&statements))?;
    run.write_graph_settings(&settings)?;
    let (edges, conflicts, skipped) = (resolved.edges, resolved.conflicts, skipped(&counts));
    let found = format!("{edges} edges, {} memberships, {conflicts} conflicts{skipped}", counts.memberships);
    stage.finish(oracles.len() as u64, &found);
    Ok(resolved.graph)
}

/// What oracles count for by their agreement.
fn weights(resolved: &Resolved) -> String {
    let one = |oracle: &OracleAccuracy| {
        let weight = if oracle.weight > 0.0 { format!("{:.2}", oracle.weight) } else { "left out".to_owned() };
        format!("{} {weight}, right in {:.0}%", oracle.oracle, 100.0 * oracle.accuracy)
    };
    let all: Vec<String> = resolved.oracles.iter().map(one).collect();
    let uncounted = match resolved.uncounted {
        0 => String::new(),
        pairs => format!("; {pairs} pairs not compared, as their votes differ in too many ways"),
    };
    format!("weights by agreement: {}{uncounted}", all.join("; "))
}

/// What edge files had that was skipped, if anything.
fn skipped(counts: &RelationCounts) -> String {
    match counts.skipped.total() {
        0 => String::new(),
        _ => format!(", {}", counts.skipped),
    }
}
