//! The stages of a run in order. Each leaves a file that marks it as done, so a run that was stopped goes on where it was.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use relata_data::source::{Samples, ingest, session};
use relata_data::{OperatorError, Session};
use relata_train::fit::Metric;

use super::embed::write_embeddings;
use super::lock::RunLock;
use super::measure::{measure, write_metrics};
use super::plots::{draw_embeddings, draw_loss, draw_metrics, draw_views};
use super::progress::Screen;
use super::relate::{relate, training_rows};
use super::rounds::ask;
use super::train::Amount;
use super::{Plan, Run};
use crate::dsl::Spec;
use crate::{PipelineError, Result};

/// What all stages of a run work with.
pub(super) struct Work<'a> {
    pub spec: &'a Spec,
    pub run: Run,
    pub session: Session,
    pub samples: Samples,
    /// The rows trained on, ascending.
    pub rows: Arc<Vec<u32>>,
    pub screen: Screen,
    pub stop: &'a AtomicBool,
}

/// Runs a pipeline, or what is left of it.
pub(crate) async fn execute(spec: &Spec, stop: &AtomicBool) -> Result<Run> {
    let run = Run::at(&spec.folder);
    spec.check()?;
    let plan = Plan::new(spec.describe(), spec.fingerprints()?);
    let _lock = RunLock::take(&run)?;
    match Plan::read(&run.path("run.json"))? {
        None => plan.write(&run.path("run.json"))?,
        Some(old) if old == plan => {}
        Some(old) => {
            let (folder, difference) = (spec.folder.clone(), old.difference(&plan));
            return Err(PipelineError::PlanChanged { folder, difference });
        }
    }
    let screen = Screen { quiet: spec.quiet };
    let session = session();
    let samples = read(spec, &run, &session, screen).await?;
    // A column that has become a feature is no label any more.
    spec.check_labels(&samples.columns)?;
    spec.check_shape(samples.features.shape())?;
    let rows = training_rows(&session, &samples, spec.training.as_deref()).await?;
    let work = Work { spec, run, session, samples, rows, screen, stop };
    let views = spec.views();
    if !work.run.path("plots/views.png").exists() && views.count() > 1 {
        draw_views(&work.run, &work.samples, &work.rows, &views)?;
    }
    match spec.ask() {
        Some((oracle, asking)) => ask(&work, &**oracle, asking).await?,
        None => {
            let oracles: Vec<_> = spec.oracles.iter().map(|oracle| &**oracle).collect();
            let graph = match work.run.path("graph.json").exists() {
                true => work.run.graph(&work.samples)?,
                false => relate(&work, &work.run, &oracles).await?,
            };
            let metrics = work.train(&work.run, Arc::new(graph), Amount::whole(spec))?;
            work.evaluate(&work.run, metrics, 0)?;
        }
    }
    Ok(work.run)
}

async fn read(spec: &Spec, run: &Run, session: &Session, screen: Screen) -> Result<Samples> {
    if Samples::samples_path(run.folder()).exists() && Samples::features_path(run.folder()).exists() {
        screen.found("read");
        return run.samples();
    }
    let table = spec.dataset.table(session).await?;
    let columns: Vec<String> = table.schema().fields().iter().map(|field| field.name().clone()).collect();
    spec.check_labels(&columns)?;
    let stage = screen.stage("read", 0, "rows");
    let samples = ingest(&spec.dataset, session, run.folder(), &mut |rows| stage.at(rows, String::new())).await?;
    let shape = format!("of {}", samples.features.shape());
    stage.finish(samples.ids.rows() as u64, &shape);
    Ok(samples)
}

impl Work<'_> {
    /// Measures raw features (`raw.`, except after questions) and the embeddings in `run`, writes `metrics.parquet` there
    /// and draws.
    pub fn evaluate(&self, run: &Run, mut metrics: Vec<Metric>, round: u32) -> Result<()> {
        let path = run.path("metrics.parquet");
        if path.exists() {
            self.screen.found("evaluate");
            return Ok(());
        }
        let evaluations = &self.spec.evaluations;
        let stage = self.screen.stage("evaluate", 2 * evaluations.len() as u64, "measures");
        let mut values = Vec::new();
        if !evaluations.is_empty() {
            if round == 0 {
                let raw = run.path("raw.parquet");
                let width = self.samples.features.shape().len();
                write_embeddings(&self.samples, &raw, width, &mut |values, _| values, &mut |_| {})?;
                let before = measure(evaluations, &raw, &self.samples.columns, "raw.", None);
                std::fs::remove_file(&raw).map_err(OperatorError::io(&raw))?;
                values.extend(before?);
                stage.at(evaluations.len() as u64, String::new());
            }
            values.extend(measure(evaluations, &run.embeddings(), &self.samples.columns, "", Some(run.folder()))?);
        }
        let (step, epoch) = metrics.last().map_or((0, 0), |last| (last.step, last.epoch));
        metrics.extend(values.into_iter().map(|(name, value)| Metric::now(step, epoch.into(), name, value)));
        draw_loss(run, &metrics)?;
        draw_metrics(run, &[(round, &metrics)])?;
        draw_embeddings(run, &self.samples.columns, evaluations.first().map(|evaluation| evaluation.label()))?;
        write_metrics(&path, &metrics, round)?;
        stage.finish(2 * evaluations.len() as u64, "");
        Ok(())
    }
}
