//! The ask stage: active learning. Embed, ask, take the answers into the graph, train on; round after round, until it is
//! enough.
//!
//! A round lives in a folder of its own and is done when its metrics are there. What the last round made is copied into
//! the run folder at the end.

use std::sync::Arc;

use relata_active::inference::DoubtKind;
use relata_active::query_loop::{AskConfig, QueryLoop, Round};
use relata_data::index::{SampleId, TrainingRow};
use relata_data::sink::write_atomically;
use relata_graph::Groups;
use relata_oracle::{Context, Notes, Oracle};
use relata_train::training::{Checkpoints, MetricRow};
use serde_json::json;

use super::context::StageContext;
use super::decide::Asked;
use super::measurements::measure_decision;
use super::model::Embedder;
use super::relate;
use super::round_embeddings::unit_embeddings;
use super::round_files::{copy, copy_results, finish, forget};
use super::train::{Amount, Learned};
use crate::error::{PipelineError, Result};
use crate::store::{Artifact, Bridge, RoundRecord, Run, groups};

/// Runs all rounds, or what is left of them.
pub(super) async fn ask(context: &StageContext<'_>, oracle: &dyn Oracle, config: &AskConfig) -> Result<()> {
    if context.run.is_finished() {
        context.reporter.found("ask");
        return Ok(());
    }
    let passive: Vec<&dyn Oracle> = context.spec.oracles.iter().map(|oracle| &**oracle).collect();
    let groups = start(context, &context.run.round(0), &passive).await?;
    let ids: Vec<SampleId> = context.rows.iter().map(|&row| context.samples.ids.id(row)).collect();
    let is_answered = |&number: &u32| context.run.round(number).path(Artifact::RoundRecord).exists();
    let answered = (1..).take_while(is_answered).count() as u32;
    let mut query_loop = QueryLoop::open(config, context.run.folder(), ids, &groups, &context.rows, answered)?;
    let mut number = 0;
    loop {
        number += 1;
        let run = context.run.round(number);
        let record = match number <= answered {
            true => RoundRecord::read(&run)?,
            false => {
                let record = ask_round(context, &mut query_loop, oracle, number).await?;
                record.write(&run)?;
                record
            }
        };
        let round = &record.round;
        if round.questions > 0 && !run.is_finished() {
            learn(context, &query_loop, &passive, config, &run, &record).await?;
        }
        forget(context, number)?;
        if let Some(reason) = round.stop {
            let text = format!("stopped after {number} rounds and {} units: {reason}", round.spent);
            context.reporter.note("ask", &text);
            break;
        }
    }
    let last = (0..=number).rev().find(|&number| context.run.round(number).is_finished()).unwrap_or_default();
    copy_results(context, last)?;
    context.index(None)?;
    let asked = Asked { query_loop: &query_loop, oracle, round: number, audits: true };
    let mut decided = context.decide(&context.run, Some(&asked)).await?;
    if context.spec.decide.is_some() {
        decided.extend(measure_decision(&context.spec.evaluations, context.run.folder())?);
    }
    let decided: Vec<_> = decided.into_iter().map(|(name, value)| MetricRow::now(0, 0, name, value)).collect();
    finish(context, number, &decided)
}

/// The model before any question: of the passive oracles' graph, or the raw features if there is no positive in it. Gives
/// the groups that the passive oracles stated.
async fn start(context: &StageContext<'_>, run: &Run, passive: &[&dyn Oracle]) -> Result<Groups> {
    if run.is_finished() {
        return Ok(groups(run, &context.samples)?);
    }
    let graph = relate::graph(context, run, passive).await?;
    let groups = graph.groups().clone();
    let baseline = context.baseline(run)?;
    let learned = if context.can_learn(&graph) {
        context.train(run, Arc::new(graph), Amount::whole(context.spec))?
    } else {
        Learned { model: Embedder::RawFeatures(context.samples.features.shape().len()), metrics: vec![] }
    };
    context.embed(run, &learned.model)?;
    context.evaluate(run, learned.metrics, baseline, 0)?;
    Ok(groups)
}

/// Asks until the round is answered. What was answered before a signal to stop is in the ledger, so nothing is lost by
/// leaving the oracle in the middle of it.
async fn ask_round(
    context: &StageContext<'_>,
    query_loop: &mut QueryLoop<'_>,
    oracle: &dyn Oracle,
    number: u32,
) -> Result<RoundRecord> {
    let (embeddings, width) = unit_embeddings(context, number - 1)?;
    let pairs = query_loop.pairs_per_round(oracle.cost());
    let before = context.run.round(number - 1);
    query_loop.look_at(context.candidates(&before, query_loop, pairs, number).await?);
    let hear = |text: &str| context.reporter.note("ask", text);
    let about = Context::new(&context.session, &context.samples, context.spec.seed());
    let about = Context { notes: Notes::to(&hear), ..about };
    let stage = context.reporter.stage("ask", None, "answers");
    let asked = context.spec.cancel.or(query_loop.run_round(oracle, &about, &embeddings, width, number)).await;
    let interrupted = || PipelineError::Interrupted { round: number, ledger: context.run.path(Artifact::Ledger) };
    let round = asked.ok_or_else(interrupted)??;
    let id = |row: TrainingRow| context.samples.ids.id(context.rows[row.index()]);
    let doubts = query_loop.doubts().into_iter().filter(|doubt| doubt.kind == DoubtKind::Bridge);
    let bridges: Vec<Bridge> =
        doubts.map(|doubt| Bridge { answer: doubt.number, src: id(doubt.a), dst: id(doubt.b) }).collect();
    let (progress, implied) = (&round.progress, round.implied);
    let mut said = format!(
        "in round {number}: {} yes, {} predicted, {} pairs known",
        progress.yes,
        progress.predicted,
        implied.0 + implied.1
    );
    if !bridges.is_empty() {
        said += &format!(", {} bridges doubted", bridges.len());
    }
    stage.finish(progress.answers + progress.passed, &said);
    Ok(RoundRecord { round, bridges })
}

/// Takes the answers into the graph, trains, embeds and measures.
async fn learn(
    context: &StageContext<'_>,
    query_loop: &QueryLoop<'_>,
    passive: &[&dyn Oracle],
    config: &AskConfig,
    run: &Run,
    record: &RoundRecord,
) -> Result<()> {
    let round = &record.round;
    let known = query_loop.belief_oracle();
    let oracles: Vec<&dyn Oracle> = passive.iter().copied().chain([&known as &dyn Oracle]).collect();
    let graph = relate::graph(context, run, &oracles).await?;
    let whole = Amount::whole(context.spec);
    let before = (!config.trains_from_scratch()).then(|| context.run.round(round.round - 1));
    let is_trained = |run: &Run| Checkpoints::of_run(run.folder()).latest_path().exists();
    let epochs = if before.as_ref().is_some_and(is_trained) { config.epochs_after(whole.epochs) } else { whole.epochs };
    let amount = Amount { epochs, round: u64::from(round.round), from: before };
    let mut metrics = if context.can_learn(&graph) {
        let learned = context.train(run, Arc::new(graph), amount)?;
        context.embed(run, &learned.model)?;
        learned.metrics
    } else {
        // Without any positive there is nothing to train on yet: the embeddings of the round before stay.
        copy(&context.run.round(round.round - 1), run, Artifact::Embeddings)?;
        vec![]
    };
    let (step, epoch) = metrics.last().map_or((0, 0), |last| (last.step, last.epoch));
    let progress = &round.progress;
    for (name, value) in [
        ("ask.spent", round.spent),
        ("ask.questions", round.questions as f64),
        ("ask.answers", progress.answers as f64),
        ("ask.yes", progress.yes as f64),
        ("ask.predicted", progress.predicted as f64),
        ("ask.passed", progress.passed as f64),
        ("ask.contradictions", progress.contradictions as f64),
        ("ask.known_positives", round.implied.0 as f64),
        ("ask.known_negatives", round.implied.1 as f64),
        ("ask.components", round.components as f64),
        ("ask.bridges", record.bridges.len() as f64),
    ] {
        metrics.push(MetricRow::now(step, epoch.into(), name, value));
    }
    context.evaluate(run, metrics, vec![], round.round)?;
    tell(context, round)
}

/// Tells the people who answer in words what the last round gained.
fn tell(context: &StageContext<'_>, round: &Round) -> Result<()> {
    let values = |number: u32| context.run.round(number).metrics();
    let (before, after) = (values(round.round - 1)?, values(round.round)?);
    let find = |metrics: &[MetricRow], name: &str| metrics.iter().rev().find(|m| m.name == name).map(|m| m.value);
    let mut lines = vec![format!("{} pairs are known by now", round.implied.0 + round.implied.1)];
    for name in ["linear_probe.test", "knn.test", "clustering.nmi"] {
        if let (Some(before), Some(after)) = (find(&before, name), find(&after, name)) {
            lines.push(format!("{name} {before:.3} -> {after:.3}"));
        }
    }
    let text = json!({ "round": round.round, "lines": lines }).to_string();
    Ok(write_atomically(&context.run.path(Artifact::Progress), text.as_bytes())?)
}
