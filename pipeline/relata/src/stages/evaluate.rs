//! Evaluate stage: measurements of the raw features before training and of the embeddings after it.

use relata_data::DataError;
use relata_data::sink::AtomicFile;
use relata_train::training::MetricRow;

use super::context::StageContext;
use super::draw::{draw_embeddings, draw_embeddings_and_neighbourhoods, draw_loss, draw_metrics};
use super::measurements::measure;
use super::model::Embedder;
use crate::error::Result;
use crate::store::{Artifact, RAW, Run, read_metrics, write_metrics};

/// What was measured: names and values.
pub(super) type Measured = Vec<(String, f64)>;

impl StageContext<'_> {
    /// Measures the raw features, under names that begin with `raw.`. What a run that was stopped has measured is kept.
    pub fn baseline(&self, run: &Run) -> Result<Measured> {
        let (evaluations, path) = (&self.spec.evaluations, run.path(Artifact::Baseline));
        // Raw features decide nothing, so that there is nothing to measure of a decision.
        if evaluations.iter().all(|evaluation| evaluation.needs_decision()) || run.is_finished() {
            return Ok(vec![]);
        }
        if path.exists() {
            self.reporter.found("baseline");
            let measured = read_metrics(&path)?.into_iter().flat_map(|(_, metrics)| metrics);
            return Ok(measured.map(|metric| (metric.name, metric.value)).collect());
        }
        self.unless_cancelled("baseline")?;
        let stage = self.reporter.stage("baseline", evaluations.len() as u64, "measures");
        let raw = run.path(Artifact::RawFeatures);
        let features = Embedder::RawFeatures(self.samples.features.shape().len());
        features.write(&self.samples, AtomicFile::sealed(&raw)?, &mut |_| {})?;
        let measured = measure(evaluations, &raw, &self.samples.columns, RAW, None);
        std::fs::remove_file(&raw).map_err(DataError::io(&raw))?;
        let measured = measured?;
        let metrics: Vec<MetricRow> =
            measured.iter().map(|(name, value)| MetricRow::now(0, 0, name.clone(), *value)).collect();
        write_metrics(&path, &metrics, 0)?;
        stage.finish(evaluations.len() as u64, "of the raw features");
        Ok(measured)
    }

    /// Measures the embeddings of `run`, draws, and writes its metrics: those of the training, of the raw features and of
    /// the embeddings.
    pub fn evaluate(&self, run: &Run, mut metrics: Vec<MetricRow>, baseline: Measured, round: u32) -> Result<()> {
        if run.is_finished() {
            self.reporter.found("evaluate");
            return Ok(());
        }
        self.unless_cancelled("evaluate")?;
        let evaluations = &self.spec.evaluations;
        let stage = self.reporter.stage("evaluate", evaluations.len() as u64, "measures");
        let mut values = baseline;
        values.extend(measure(evaluations, &run.embeddings(), &self.samples.columns, "", Some(run.folder()))?);
        let (step, epoch) = metrics.last().map_or((0, 0), |last| (last.step, last.epoch));
        metrics.extend(values.into_iter().map(|(name, value)| MetricRow::now(step, epoch.into(), name, value)));
        draw_loss(run, &metrics)?;
        draw_metrics(run, &[(round, &metrics)])?;
        let (columns, label) = (&self.samples.columns, self.coloured_by());
        // Of rounds, the run shows the last one only, once it knows which that is.
        match run.folder() == self.run.folder() {
            true => draw_embeddings_and_neighbourhoods(run, columns, label)?,
            false => draw_embeddings(run, columns, label)?,
        }
        write_metrics(&run.path(Artifact::Metrics), &metrics, round)?;
        let baseline = run.path(Artifact::Baseline);
        if baseline.exists() {
            // The metrics have it now.
            std::fs::remove_file(&baseline).map_err(DataError::io(&baseline))?;
        }
        stage.finish(evaluations.len() as u64, "of the embeddings");
        Ok(())
    }
}
