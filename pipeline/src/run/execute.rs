//! The stages of a run in order. Each leaves a file that marks it as done, so a run that was stopped goes on where it was.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use relata_operators::augment::Views;
use relata_operators::edges::Graph;
use relata_operators::sink::write_atomically;
use relata_operators::source::{Samples, ingest, session};
use relata_operators::{OperatorError, Session};
use relata_train::closed_form::Solution;
use relata_train::fit::{Checkpoints, Metric, Trained, Training};

use super::embed::write_embeddings;
use super::lock::RunLock;
use super::measure::{measure, write_metrics};
use super::plots::{draw_embeddings, draw_loss, draw_views};
use super::progress::Screen;
use super::relate::{relate, training_rows};
use super::{Plan, Run};
use crate::dsl::{Spec, Trainer};
use crate::{PipelineError, Result};

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
    spec.check_shape(samples.features.shape())?;
    let rows = training_rows(&session, &samples, spec.training.as_deref()).await?;
    let graph = match run.path("graph.json").exists() {
        true => run.graph(&samples)?,
        false => relate(&run, &session, &samples, &spec.oracles, spec.settings, spec.seed(), screen).await?,
    };
    let views = spec.views();
    if !run.path("plots/views.png").exists() && views.count() > 1 {
        draw_views(&run, &samples, &rows, &views)?;
    }
    let metrics = match &spec.trainer {
        Trainer::Gradient { .. } => fit(spec, &run, &samples, Arc::new(graph), views, rows, screen, stop)?,
        Trainer::ClosedForm(_) => solve(spec, &run, &samples, &graph, &rows, screen)?,
    };
    evaluate(spec, &run, &samples, metrics, screen)?;
    Ok(run)
}

async fn read(spec: &Spec, run: &Run, session: &Session, screen: Screen) -> Result<Samples> {
    if Samples::samples_path(run.folder()).exists() && Samples::features_path(run.folder()).exists() {
        screen.found("read");
        return run.samples();
    }
    let stage = screen.stage("read", 0, "rows");
    let samples = ingest(&spec.dataset, session, run.folder(), &mut |rows| stage.at(rows, String::new())).await?;
    let shape = format!("of {}", samples.features.shape());
    stage.finish(samples.ids.rows() as u64, &shape);
    Ok(samples)
}

#[allow(clippy::too_many_arguments)]
fn fit(
    spec: &Spec,
    run: &Run,
    samples: &Samples,
    graph: Arc<Graph>,
    views: Views,
    rows: Arc<Vec<u32>>,
    screen: Screen,
    stop: &AtomicBool,
) -> Result<Vec<Metric>> {
    let Trainer::Gradient { architecture, loss, fit } = &spec.trainer else { return Ok(vec![]) };
    let shape = samples.features.shape();
    let (width, projected) = architecture.widths(shape)?;
    let mut learner = architecture.learner(shape, loss.clone(), fit)?;
    let checkpoints = Checkpoints::new(&run.path("checkpoints"));
    let finished = checkpoints.latest()?.filter(|checkpoint| checkpoint.step == checkpoint.total_steps);
    let trained = match finished {
        Some(checkpoint) => {
            screen.found("train");
            checkpoints.load(&checkpoint, &mut *learner, false)?;
            Trained { steps: checkpoint.step, resumed_at: checkpoint.step, metrics: checkpoint.metrics }
        }
        None => {
            let training = Training {
                features: samples.features.clone(),
                graph,
                views: Arc::new(views),
                rows: rows.clone(),
                fit,
                checkpoints,
                stop,
            };
            let steps = training.steps();
            let stage = screen.stage("train", steps, "steps");
            let mut last = String::new();
            let trained = training.run(&mut *learner, width, &mut |progress| {
                last = format!(
                    "loss {:.4}, {:.0} samples/s, waiting for data {:.0}%",
                    progress.loss,
                    progress.samples_per_second,
                    100.0 * progress.stall
                );
                stage.at(progress.step, last.clone());
            })?;
            let from =
                if trained.resumed_at > 0 { format!(", resumed at {}", trained.resumed_at) } else { String::new() };
            stage.finish(trained.steps - trained.resumed_at, &format!("{last}{from}"));
            trained
        }
    };
    let width = match spec.head {
        relata_train::fit::Head::Encoder => width,
        relata_train::fit::Head::Projector => projected,
    };
    embed(run, samples, width, &mut |values, rows| learner.embed(values, rows, spec.head), screen)?;
    Ok(trained.metrics)
}

fn solve(
    spec: &Spec,
    run: &Run,
    samples: &Samples,
    graph: &Graph,
    rows: &[u32],
    screen: Screen,
) -> Result<Vec<Metric>> {
    let Trainer::ClosedForm(settings) = &spec.trainer else { return Ok(vec![]) };
    let path = run.path("solution.safetensors");
    let solution = if path.exists() {
        screen.found("solve");
        Solution::from_bytes(&std::fs::read(&path).map_err(OperatorError::io(&path))?)?
    } else {
        let stage = screen.stage("solve", rows.len() as u64, "rows");
        let width = samples.features.shape().len();
        let mut train = vec![0.0; rows.len() * width];
        for (&row, out) in rows.iter().zip(train.chunks_exact_mut(width)) {
            samples.features.read(row as usize, out);
        }
        let solution = settings.solve(train, width, &graph.induced(rows, 1))?;
        write_atomically(&path, &solution.to_bytes()?)?;
        stage.finish(rows.len() as u64, "");
        solution
    };
    embed(run, samples, solution.width(), &mut |values, _| solution.embed(&values), screen)?;
    Ok(vec![])
}

fn embed(
    run: &Run,
    samples: &Samples,
    width: usize,
    embed: &mut dyn FnMut(Vec<f32>, usize) -> Vec<f32>,
    screen: Screen,
) -> Result<()> {
    if run.embeddings().exists() {
        screen.found("embed");
        return Ok(());
    }
    let stage = screen.stage("embed", samples.ids.rows() as u64, "rows");
    let rows = write_embeddings(samples, &run.embeddings(), width, embed, &mut |rows| stage.at(rows, String::new()))?;
    stage.finish(rows, &format!("of {width} dimensions"));
    Ok(())
}

/// Measures raw features (`raw.`) and embeddings, writes `metrics.parquet` and draws.
fn evaluate(spec: &Spec, run: &Run, samples: &Samples, mut metrics: Vec<Metric>, screen: Screen) -> Result<()> {
    let path = run.path("metrics.parquet");
    if path.exists() {
        screen.found("evaluate");
        return Ok(());
    }
    let stage = screen.stage("evaluate", 2 * spec.evaluations.len() as u64, "measures");
    let mut values = Vec::new();
    if !spec.evaluations.is_empty() {
        let raw = run.path("raw.parquet");
        let width = samples.features.shape().len();
        write_embeddings(samples, &raw, width, &mut |values, _| values, &mut |_| {})?;
        let before = measure(&spec.evaluations, &raw, &samples.columns, "raw.");
        std::fs::remove_file(&raw).map_err(OperatorError::io(&raw))?;
        values.extend(before?);
        stage.at(spec.evaluations.len() as u64, String::new());
        values.extend(measure(&spec.evaluations, &run.embeddings(), &samples.columns, "")?);
    }
    let (step, epoch) = metrics.last().map_or((0, 0), |last| (last.step, last.epoch));
    metrics.extend(values.into_iter().map(|(name, value)| Metric::now(step, epoch.into(), name, value)));
    draw_loss(run, &metrics)?;
    if let Some(evaluation) = spec.evaluations.first() {
        draw_embeddings(run, &samples.columns, evaluation.label())?;
    }
    write_metrics(&path, &metrics)?;
    stage.finish(2 * spec.evaluations.len() as u64, "");
    Ok(())
}
