//! Active learning: embed, ask, take the answers into the graph, train on; round after round, until it is enough.
//!
//! A round lives in a folder of its own, `rounds/N`, and is done when its `metrics.parquet` is there. What the last
//! round made is copied into the run folder at the end.

use std::fs::File;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::{Float32Type, UInt64Type};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use relata_active::ask::{Asking, Desk, Round};
use relata_active::belief::DoubtKind;
use relata_active::ledger::FILE;
use relata_data::OperatorError;
use relata_data::sink::write_atomically;
use relata_graph::Groups;
use relata_oracle::{Context, Oracle};
use relata_train::fit::Metric;
use serde_json::json;

use super::Run;
use super::execute::Work;
use super::relate::relate;
use super::round_files::{copy, finish, forget, round_run};
use super::round_record::{Bridge, RoundRecord};
use super::train::Amount;
use super::unless_stopped::unless_stopped;
use crate::{PipelineError, Result};

/// Runs all rounds, or what is left of them.
pub(super) async fn ask(work: &Work<'_>, oracle: &dyn Oracle, asking: &Asking) -> Result<()> {
    let done = work.run.path("metrics.parquet");
    if done.exists() {
        work.screen.found("ask");
        return Ok(());
    }
    let passive: Vec<&dyn Oracle> = work.spec.oracles.iter().map(|oracle| &**oracle).collect();
    let first = round_run(work, 0);
    start(work, &first, &passive).await?;

    let ids: Vec<u64> = work.rows.iter().map(|&row| work.samples.ids.id(row)).collect();
    let read = |name| first.read(name);
    let groups = Groups::new(&read("memberships.parquet")?, &read("separations.parquet")?, &work.samples.ids)?;
    let finished = (1..).take_while(|&number| round_run(work, number).path("round.json").exists()).count() as u32;
    let mut desk = Desk::open(asking, work.run.folder(), ids, &groups, &work.rows, finished)?;
    let mut number = 0;
    loop {
        number += 1;
        let run = round_run(work, number);
        let record = match number <= finished {
            true => RoundRecord::read(&run)?,
            false => {
                let record = ask_round(work, &mut desk, oracle, number).await?;
                record.write(&run)?;
                record
            }
        };
        let round = &record.round;
        if round.questions > 0 && !run.path("metrics.parquet").exists() {
            learn(work, &desk, &passive, asking, &run, &record).await?;
        }
        forget(work, number)?;
        if let Some(reason) = round.stop {
            if !work.screen.quiet {
                eprintln!("{:>10} stopped after {number} rounds and {} units: {reason}", "ask", round.spent);
            }
            break;
        }
    }
    let last = (0..=number).rev().find(|&n| round_run(work, n).path("metrics.parquet").exists()).unwrap_or_default();
    finish(work, last, number)
}

/// The model before any question: of the passive oracles' graph, or the raw features if there is no positive in it.
async fn start(work: &Work<'_>, run: &Run, passive: &[&dyn Oracle]) -> Result<()> {
    if run.path("metrics.parquet").exists() {
        return Ok(());
    }
    let graph = match run.path("graph.json").exists() {
        true => run.graph(&work.samples)?,
        false => relate(work, run, passive).await?,
    };
    let metrics = if work.can_learn(&graph) {
        work.train(run, Arc::new(graph), Amount::whole(work.spec))?
    } else {
        let width = work.samples.features.shape().len();
        work.embed(run, width, &mut |values, _| values)?;
        vec![]
    };
    work.evaluate(run, metrics, 0)
}

/// Asks until the round is answered. What was answered before a signal to stop is in the ledger, so nothing is lost by
/// leaving the oracle in the middle of it.
async fn ask_round(work: &Work<'_>, desk: &mut Desk<'_>, oracle: &dyn Oracle, number: u32) -> Result<RoundRecord> {
    let (embeddings, width) = unit_embeddings(work, number - 1)?;
    let context = Context { session: &work.session, samples: &work.samples, seed: work.spec.seed() };
    let stage = work.screen.stage("ask", 0, "answers");
    let asked = unless_stopped(work.stop, desk.round(oracle, &context, &embeddings, width, number)).await;
    let interrupted = || PipelineError::Interrupted { round: number, ledger: work.run.path(FILE) };
    let round = asked.ok_or_else(interrupted)??;
    let id = |position: u32| work.samples.ids.id(work.rows[position as usize]);
    let doubts = desk.doubts().into_iter().filter(|doubt| doubt.kind == DoubtKind::Bridge);
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
    work: &Work<'_>,
    desk: &Desk<'_>,
    passive: &[&dyn Oracle],
    asking: &Asking,
    run: &Run,
    record: &RoundRecord,
) -> Result<()> {
    let round = &record.round;
    let graph = match run.path("graph.json").exists() {
        true => run.graph(&work.samples)?,
        false => {
            let known = desk.known();
            let oracles: Vec<&dyn Oracle> = passive.iter().copied().chain([&known as &dyn Oracle]).collect();
            relate(work, run, &oracles).await?
        }
    };
    let whole = Amount::whole(work.spec);
    let before = (!asking.trains_from_scratch()).then(|| round_run(work, round.round - 1));
    let trained_before = before.as_ref().is_some_and(|run| run.path("checkpoints/latest.json").exists());
    let epochs = if trained_before { asking.epochs_after(whole.epochs) } else { whole.epochs };
    let amount = Amount { epochs, round: u64::from(round.round), from: before };
    let mut metrics =
        if work.can_learn(&graph) { work.train(run, Arc::new(graph), amount)? } else { keep(work, run, round.round)? };
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
        metrics.push(Metric::now(step, epoch.into(), name, value));
    }
    work.evaluate(run, metrics, round.round)?;
    tell(work, round)
}

/// Without any positive there is nothing to train on yet: the embeddings of the round before stay.
fn keep(work: &Work<'_>, run: &Run, number: u32) -> Result<Vec<Metric>> {
    copy(&round_run(work, number - 1), run, "embeddings.parquet")?;
    Ok(vec![])
}

/// `progress.json`: what the last round bought, in words, for people who answer.
fn tell(work: &Work<'_>, round: &Round) -> Result<()> {
    let values = |number: u32| -> Result<Vec<Metric>> { round_run(work, number).metrics() };
    let (before, after) = (values(round.round - 1)?, values(round.round)?);
    let find = |metrics: &[Metric], name: &str| metrics.iter().rev().find(|m| m.name == name).map(|m| m.value);
    let mut lines = vec![format!("{} pairs are known by now", round.implied.0 + round.implied.1)];
    for name in ["linear_probe.test", "knn.test", "clustering.nmi"] {
        if let (Some(before), Some(after)) = (find(&before, name), find(&after, name)) {
            lines.push(format!("{name} {before:.3} -> {after:.3}"));
        }
    }
    let text = json!({ "round": round.round, "lines": lines }).to_string();
    Ok(write_atomically(&work.run.path("progress.json"), text.as_bytes())?)
}

/// Embeddings of the training rows after a round, each of unit length.
fn unit_embeddings(work: &Work<'_>, number: u32) -> Result<(Vec<f32>, usize)> {
    let run = round_run(work, number);
    let path = run.existing("embeddings.parquet")?;
    let file = File::open(&path).map_err(OperatorError::io(&path))?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).and_then(|builder| builder.build());
    let (mut values, mut width) = (Vec::new(), 0);
    for batch in reader.map_err(OperatorError::from)? {
        let batch = batch.map_err(OperatorError::from)?;
        let list = batch["embedding"].as_fixed_size_list();
        let ids = batch["id"].as_primitive::<UInt64Type>();
        width = list.value_length() as usize;
        values.resize(work.rows.len() * width, 0.0);
        for (at, &id) in ids.values().iter().enumerate() {
            let position = work.samples.ids.row(id).and_then(|row| work.rows.binary_search(&row).ok());
            if let Some(position) = position {
                let vector = list.value(at);
                let vector = vector.as_primitive::<Float32Type>().values();
                let norm = vector.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
                let out = &mut values[position * width..][..width];
                out.iter_mut().zip(vector).for_each(|(out, v)| *out = v / norm);
            }
        }
    }
    Ok((values, width))
}
