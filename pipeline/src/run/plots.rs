//! The pictures of a run: views, loss, and the embeddings in two dimensions.

use std::path::{Path, PathBuf};

use relata_operators::augment::Views;
use relata_operators::sink::{contact_sheet, save_png};
use relata_operators::source::Samples;
use relata_train::fit::Metric;

use super::Run;
use super::measure::read_split;
use crate::plot::{Figure, Series, curves, projection};
use crate::{PipelineError, Result};

/// Samples on the contact sheet.
const SAMPLES: usize = 8;

/// `plots/views.png`: what the model will see.
pub(crate) fn draw_views(run: &Run, samples: &Samples, rows: &[u32], views: &Views) -> Result<()> {
    let step = (rows.len() / SAMPLES).max(1);
    let shown: Vec<u32> = rows.iter().step_by(step).take(SAMPLES).copied().collect();
    Ok(save_png(&run.path("plots/views.png"), &contact_sheet(&samples.features, &shown, views, 0))?)
}

/// `plots/loss.{svg,png}`: the loss and its terms over the steps.
pub(crate) fn draw_loss(run: &Run, metrics: &[Metric]) -> Result<()> {
    loss(&run.path("plots"), metrics)?;
    Ok(())
}

fn loss(folder: &Path, metrics: &[Metric]) -> Result<Vec<PathBuf>> {
    let mut series: Vec<Series> = Vec::new();
    for metric in metrics.iter().filter(|m| m.name.starts_with("loss")) {
        let name = metric.name.strip_prefix("loss.").unwrap_or("total");
        let point = (metric.step as f64, metric.value);
        match series.iter_mut().find(|(known, _)| known == name) {
            Some((_, points)) => points.push(point),
            None => series.push((name.to_owned(), vec![point])),
        }
    }
    // A loss of one term is that term.
    if series.len() == 2 {
        series.truncate(1);
    }
    if series.first().is_none_or(|(_, points)| points.len() < 2) {
        return Ok(vec![]);
    }
    save(&curves("Training loss", "loss", &series).with_x_label("step"), &folder.join("loss"))
}

/// `plots/embeddings.{svg,png}`: the first two principal components of the test rows, coloured by a label.
pub(crate) fn draw_embeddings(run: &Run, columns: &[String], label: &str) -> Result<()> {
    scatter(run, &run.path("plots"), columns, label)?;
    Ok(())
}

fn scatter(run: &Run, folder: &Path, columns: &[String], label: &str) -> Result<Vec<PathBuf>> {
    let split = read_split(&run.embeddings(), columns, label)?;
    let points = projection(&split.test, 0)?;
    save(&points.figure(format!("Embeddings by {label}"), &split.classes), &folder.join("embeddings"))
}

fn save(figure: &impl Figure, path: &Path) -> Result<Vec<PathBuf>> {
    figure.save(path)?;
    Ok(["svg", "png"].map(|extension| path.with_extension(extension)).to_vec())
}

impl Run {
    /// Draws the loss and the embeddings again, as `loss.{svg,png}` and `embeddings.{svg,png}` in `folder` (by default
    /// the run's `plots`), and returns the files. Embeddings are coloured by the column `label`, by default that of the
    /// run's first evaluation; without either they are not drawn.
    pub fn plot(&self, label: Option<&str>, folder: Option<&Path>) -> Result<Vec<PathBuf>> {
        let plan = self.plan()?;
        let folder = folder.map_or_else(|| self.path("plots"), Path::to_path_buf);
        let mut drawn = loss(&folder, &self.metrics()?)?;
        if let Some(label) = label.or(plan.stages["evaluate"][0]["label"].as_str()) {
            self.existing("embeddings.parquet")?;
            drawn.extend(scatter(self, &folder, &self.samples()?.columns, label)?);
        }
        if drawn.is_empty() {
            return Err(PipelineError::NotThere {
                folder: self.folder().to_path_buf(),
                what: "training loss to draw and no evaluation that names a label".to_owned(),
                hint: "Name the column that colours the embeddings with --label.".to_owned(),
            });
        }
        Ok(drawn)
    }
}
