//! Extend stage: a finished run and new samples become another run, with the same model, answers and entities.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::datatypes::UInt64Type;
use relata_active::query_loop::{QueryLoop, ask_pairs};
use relata_data::index::{Row, SampleId, TrainingRow};
use relata_data::sink::remove_unfinished;
use relata_data::source::{Dataset, Samples, extend as extend_samples};
use relata_data::{DataError, ParquetFile};
use relata_decide::candidates::Sources;
use relata_oracle::{Context, Notes, Oracle};

use super::context::{Extension, StageContext};
use super::decide::Asked;
use super::ingest::tell_skipped;
use super::relate;
use super::round_files::copy;
use super::spec::Spec;
use crate::cancel::Cancel;
use crate::error::{PipelineError, Result};
use crate::progress::{Progress, Reporter};
use crate::store::{Artifact, ExtendPlan, Input, Plan, Run, RunLock, SpillFolder, training_rows};

/// The strategy of questions about new samples.
const STRATEGY: &str = "extend";

/// Which run is extended by what, and how.
pub(crate) struct ExtendSpec {
    pub run: PathBuf,
    pub dataset: Dataset,
    pub folder: PathBuf,
    /// Questions about new samples, most doubtful first.
    pub questions: usize,
    pub progress: Arc<dyn Progress>,
    pub cancel: Cancel,
}

/// Extends a run, or does what is left of it.
pub(crate) async fn extend(extend: &ExtendSpec) -> Result<Run> {
    let (old, run) = (Run::open(&extend.run)?, Run::at(&extend.folder));
    old.existing(Artifact::Metrics)?;
    let plan = old.plan()?;
    let mut spec = Spec::from_plan(&Plan { extends: None, ..plan.clone() })?;
    (spec.folder, spec.progress, spec.cancel) = (extend.folder.clone(), extend.progress.clone(), extend.cancel.clone());
    if extend.questions > 0 && spec.ask().is_none() {
        return Err(PipelineError::Unused {
            setting: "ask(..)".to_owned(),
            reason: "the run that is extended asked nobody",
            remedy: "leave it out, or extend a run of a pipeline with `.ask(..)`",
        });
    }
    if extend.questions > 0 && spec.entities().is_none() && spec.candidates.is_none() {
        return Err(PipelineError::Unused {
            setting: "ask(..)".to_owned(),
            reason: "questions are about candidate pairs, and the run has none",
            remedy: "leave it out, or extend a run with `.decide(entities())` or `.candidates(..)`",
        });
    }
    let rows = old.samples()?.ids.rows();
    let trained_rows = plan.extends.as_ref().map_or(rows, |earlier| earlier.trained_rows);
    let data = extend.dataset.plan();
    let extends = ExtendPlan { run: extend.run.clone(), data, rows, trained_rows, questions: extend.questions };
    let mut inputs = plan.inputs.clone();
    inputs.extend(Input::all(extend.dataset.fingerprint()?));
    let _lock = RunLock::take(&run)?;
    run.claim(&Plan { extends: Some(extends), inputs, ..plan })?;
    remove_unfinished(run.folder())?;
    let spill = SpillFolder::new(&run, spec.spill.as_deref())?;
    let (reporter, session) = (Reporter::new(spec.progress.clone()), spill.session()?);
    if run.is_finished() {
        reporter.found("extend");
        return Ok(run);
    }
    let samples = read(extend, &old, &run, &session, &reporter).await?;
    carry_over(&old, &run)?;
    let trained_on = training_rows(&session, &samples, spec.training.as_deref()).await?;
    // What is asked and decided about is what the model learned from, and everything that is new.
    let all = (0..samples.ids.rows() as u32).map(Row);
    let all = all.filter(|row| row.index() >= trained_rows || trained_on.binary_search(row).is_ok());
    let sources = match &spec.link {
        Some(column) => Some(Sources::read(&session, &samples, column).await?),
        None => None,
    };
    let threshold = old.scores()?.into_iter().find(|score| score.name == "decision.threshold").map(|score| score.value);
    let (entities, classes) = (entities(&old, &samples)?, classes(&old, &samples)?);
    let extension = Some(Extension { rows, trained_rows, entities, classes, threshold });
    let rows = Arc::new(all.collect::<Vec<_>>());
    let context = StageContext { spec: &spec, run, session, samples, rows, sources, reporter, extension };
    context.embed(&context.run, &old.embedder(context.samples.features.shape())?)?;
    context.index(Some(&old))?;
    decide(&context, &old, extend.questions).await?;
    context.reporter.summarise(&context.run.scores()?);
    Ok(context.run)
}

/// The old samples and the new ones.
async fn read(
    extend: &ExtendSpec,
    old: &Run,
    run: &Run,
    session: &relata_data::Session,
    reporter: &Reporter,
) -> Result<Samples> {
    if [Artifact::Samples, Artifact::Features].iter().all(|part| run.path(part).exists()) {
        reporter.found("read");
        return Ok(run.samples()?);
    }
    let stage = reporter.stage("read", None, "rows");
    let progress = &mut |rows| stage.at(rows, "");
    let samples = extend_samples(old.folder(), &extend.dataset, session, run.folder(), progress).await?;
    stage.finish(samples.ids.rows() as u64, &format!("of {}", samples.features.shape()));
    tell_skipped(run, reporter)?;
    Ok(samples)
}

/// Copies the model and the answers.
fn carry_over(old: &Run, run: &Run) -> Result<()> {
    copy(old, run, Artifact::Solution)?;
    if let Ok(files) = std::fs::read_dir(old.path(Artifact::Checkpoints)) {
        let folder = run.path(Artifact::Checkpoints);
        std::fs::create_dir_all(&folder).map_err(DataError::io(&folder))?;
        for file in files {
            let path = file.map_err(DataError::io(&folder))?.path();
            if let Some(name) = path.file_name().filter(|_| path.is_file()) {
                copy(old, run, std::path::Path::new(Artifact::Checkpoints.name()).join(name))?;
            }
        }
    }
    if old.path(Artifact::Ledger).is_file() && !run.path(Artifact::Ledger).exists() {
        old.ledger()?.copy_to(run.folder())?;
    }
    Ok(())
}

/// By row of the old run: the row whose id names its entity; empty without entities.
fn entities(old: &Run, samples: &Samples) -> Result<Vec<u32>> {
    use relata_schemas::entities::{ENTITY, ID};

    let path = old.path(Artifact::Entities);
    if !path.is_file() {
        return Ok(vec![]);
    }
    let mut found: Vec<u32> = Vec::new();
    for batch in ParquetFile::open(&path)?.all_batches()? {
        let batch = batch?;
        let of = |name: &str| batch[name].as_primitive::<UInt64Type>().values().clone();
        for (&id, &entity) in of(ID).iter().zip(&of(ENTITY)) {
            let row = |id: u64| samples.ids.row(SampleId(id));
            if let (Some(row), Some(entity)) = (row(id), row(entity)) {
                found.resize(found.len().max(row.index() + 1), u32::MAX);
                found[row.index()] = entity.0;
            }
        }
    }
    Ok((0..).zip(found).map(|(row, entity)| if entity == u32::MAX { row } else { entity }).collect())
}

/// By row: the name of the class that it is known to be of.
fn classes(old: &Run, samples: &Samples) -> Result<HashMap<u32, String>> {
    use relata_schemas::classes::{CLASS, ID, KNOWN};

    let (path, mut found) = (old.path(Artifact::Classes), HashMap::new());
    if !path.is_file() {
        return Ok(found);
    }
    for batch in ParquetFile::open(&path)?.all_batches()? {
        let batch = batch?;
        let (ids, known) = (batch[ID].as_primitive::<UInt64Type>().values(), batch[KNOWN].as_boolean());
        let class = batch[CLASS].as_string::<i32>();
        for at in (0..batch.num_rows()).filter(|&at| known.value(at) && class.is_valid(at)) {
            let row = samples.ids.row(SampleId(ids[at]));
            found.extend(row.map(|row| (row.0, class.value(at).to_owned())));
        }
    }
    Ok(found)
}

/// Takes what is known into the graph of all samples, asks about the most doubtful new pairs, decides and measures.
async fn decide(context: &StageContext<'_>, old: &Run, questions: usize) -> Result<()> {
    let run = &context.run;
    let passive: Vec<&dyn Oracle> = context.spec.oracles.iter().map(|oracle| &**oracle).collect();
    let Some((oracle, config)) = context.spec.ask() else {
        relate::graph(context, run, &passive).await?;
        let decided = context.decide(run, None).await?;
        return context.evaluate(run, vec![], decided, 0);
    };
    let temporary = tempfile::tempdir_in(run.folder()).map_err(DataError::io(run.folder()))?;
    let stated = relate::graph(context, &Run::at(temporary.path()), &passive).await?;
    let groups = stated.groups().clone();
    let ids: Vec<SampleId> = context.rows.iter().map(|&row| context.samples.ids.id(row)).collect();
    let open = || QueryLoop::open(config, run.folder(), ids.clone(), &groups, &context.rows, u32::MAX);
    let mut query_loop = open()?;
    if questions > 0 {
        let pairs = doubtful(context, &query_loop, questions).await?;
        // That of the old run's ledger, which is the same however often this one is resumed.
        let round = old.ledger()?.questions()?.iter().map(|question| question.round).max().unwrap_or_default() + 1;
        let hear = |text: &str| context.reporter.note("ask", text);
        let about = Context::new(&context.session, &context.samples, context.spec.seed());
        let about = Context { notes: Notes::to(&hear), ..about };
        let stage = context.reporter.stage("ask", pairs.len() as u64, "answers");
        let asking = ask_pairs(run.folder(), &**oracle, &about, &pairs, (STRATEGY, round));
        let interrupted = || PipelineError::Interrupted { round, ledger: run.path(Artifact::Ledger) };
        let answers = context.spec.cancel.or(asking).await.ok_or_else(interrupted)??;
        stage.finish(answers.iter().flatten().count() as u64, "about new samples");
        query_loop = open()?;
    }
    let known = query_loop.belief_oracle();
    let oracles: Vec<&dyn Oracle> = passive.iter().copied().chain([&known as &dyn Oracle]).collect();
    relate::graph(context, run, &oracles).await?;
    let round = run.ledger()?.questions()?.iter().map(|question| question.round).max().unwrap_or_default();
    let asked = Asked { query_loop: &query_loop, oracle: &**oracle, round, audits: false };
    let decided = context.decide(run, Some(&asked)).await?;
    context.evaluate(run, vec![], decided, 0)
}

/// The pairs with a new sample that are most worth asking about.
async fn doubtful(
    context: &StageContext<'_>,
    query_loop: &QueryLoop<'_>,
    questions: usize,
) -> Result<Vec<(SampleId, SampleId)>> {
    let found = context.candidates(&context.run, query_loop, questions, u32::MAX).await?;
    let id = |place: TrainingRow| context.samples.ids.id(context.rows[place.index()]);
    let ranked = found.map(|found| found.ranked).unwrap_or_default();
    Ok(ranked.into_iter().map(|(a, b)| (id(a), id(b))).collect())
}
