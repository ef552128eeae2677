//! Order of the stages. Each leaves a file that marks it as done, so a run that was stopped goes on where it was.

use std::sync::Arc;

use relata_data::sink::remove_unfinished;
use relata_decide::candidates::Sources;
use relata_oracle::Context;

use super::ask;
use super::context::StageContext;
use super::draw::draw_views;
use super::spec::Spec;
use super::train::Amount;
use super::{ingest, relate};
use crate::error::Result;
use crate::progress::Reporter;
use crate::store::{Artifact, Input, Plan, Run, RunLock, SpillFolder, training_rows};

/// Runs a pipeline, or what is left of it.
pub(crate) async fn run(spec: &Spec) -> Result<Run> {
    spec.check()?;
    let run = Run::at(&spec.folder);
    let plan = Plan { inputs: Input::all(spec.fingerprints()?), ..spec.plan() };
    let _lock = RunLock::take(&run)?;
    run.claim(&plan)?;
    remove_unfinished(run.folder())?;
    let spill = SpillFolder::new(&run, spec.spill.as_deref())?;
    let (reporter, session) = (Reporter::new(spec.progress.clone()), spill.session()?);
    let mut samples = ingest::ingest(spec, &run, &session, &reporter).await?;
    let rows = training_rows(&session, &samples, spec.training.as_deref()).await?;
    spec.check_rows(rows.len())?;
    ingest::fit_fields(&mut samples, &run, &rows, &reporter)?;
    spec.check_shape(samples.features.shape())?;
    let sources = match &spec.link {
        Some(column) => Some(Sources::read(&session, &samples, column).await?),
        None => None,
    };
    let context = StageContext { spec, run, session, samples, rows, sources, reporter, extension: None };
    let about = Context::new(&context.session, &context.samples, spec.seed());
    for oracle in spec.oracles.iter().chain(spec.asks.iter().map(|ask| &ask.0)) {
        oracle.check_data(&about).await?;
    }
    if let Some(candidates) = &spec.candidates {
        candidates.check_data(&about).await?;
    }
    let views = spec.views();
    if !context.run.path(Artifact::ViewsPlot).exists()
        && views.count() > 1
        && !context.samples.features.shape().is_table()
    {
        draw_views(&context.run, &context.samples, &context.rows, &views)?;
    }
    match spec.ask() {
        Some((oracle, config)) => ask::ask(&context, &**oracle, config).await?,
        None => once(&context).await?,
    }
    context.reporter.summarise(&context.run.scores()?);
    Ok(context.run)
}

/// The stages of a run that asks nothing.
async fn once(context: &StageContext<'_>) -> Result<()> {
    let run = &context.run;
    let oracles: Vec<_> = context.spec.oracles.iter().map(|oracle| &**oracle).collect();
    let graph = relate::graph(context, run, &oracles).await?;
    let baseline = context.baseline(run)?;
    let learned = context.train(run, Arc::new(graph), Amount::whole(context.spec))?;
    context.embed(run, &learned.model)?;
    context.index(None)?;
    let mut before = baseline;
    if !run.is_finished() {
        before.extend(context.decide(run, None).await?);
    }
    context.evaluate(run, learned.metrics, before, 0)
}
