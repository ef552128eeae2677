//! Plots of a run: views, loss, metrics, and the embeddings in two dimensions, on axes and by neighbourhoods.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use relata_data::index::Row;
use relata_data::source::Samples;
use relata_data::view::Views;
use relata_data::view::{contact_sheet, save_png};
use relata_train::training::MetricRow;

use super::measurements::read_split;
use crate::error::{PipelineError, Result};
use crate::evaluate::{Classes, EvaluateError, read_vectors};
use crate::plot::{Figure, Series, curves, projection, tsne};
use crate::store::{Artifact, Run, StoreError, metrics_of_rounds};

/// Samples on the contact sheet.
const SAMPLES: usize = 8;
/// Metrics that never exceed this are drawn as shares of their largest value, or they would lie on the axis.
const LOW: f64 = 0.05;

/// `plots/views.png`: what the model will see.
pub(crate) fn draw_views(run: &Run, samples: &Samples, rows: &[Row], views: &Views) -> Result<()> {
    let step = (rows.len() / SAMPLES).max(1);
    let shown: Vec<Row> = rows.iter().step_by(step).take(SAMPLES).copied().collect();
    Ok(save_png(&run.path(Artifact::ViewsPlot), &contact_sheet(&samples.features, &shown, views, 0)?)?)
}

/// `plots/loss.{svg,png}`: the loss and its terms over the steps.
pub(crate) fn draw_loss(run: &Run, metrics: &[MetricRow]) -> Result<()> {
    loss(&run.path(Artifact::Plots), metrics)?;
    Ok(())
}

fn loss(folder: &Path, metrics: &[MetricRow]) -> Result<Vec<PathBuf>> {
    let mut series: Vec<Series> = Vec::new();
    for metric in metrics.iter().filter(|m| m.name.starts_with("loss")) {
        let name = metric.name.strip_prefix("loss.").unwrap_or("total");
        add(&mut series, name, (metric.step as f64, metric.value));
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

/// `plots/metrics.{svg,png}`: all that was measured beside the loss, over the rounds, or over the steps if there is one
/// round; each with its metrics.
pub(crate) fn draw_metrics<M: AsRef<[MetricRow]>>(run: &Run, rounds: &[(u32, M)]) -> Result<()> {
    metrics(&run.path(Artifact::Plots), rounds)?;
    Ok(())
}

fn metrics<M: AsRef<[MetricRow]>>(folder: &Path, rounds: &[(u32, M)]) -> Result<Vec<PathBuf>> {
    let (mut series, title, x) = match rounds {
        [(_, only)] => (over_steps(only.as_ref()), "Metrics (at step 0 those of the raw features)", "step"),
        several => (over_rounds(several), "Metrics", "round"),
    };
    series.retain(|(_, points)| points.len() > 1);
    if series.is_empty() {
        return Ok(vec![]);
    }
    let series: Vec<Series> = series.into_iter().map(in_unit).collect();
    save(&curves(title, "value, or share of the largest", &series).with_x_label(x), &folder.join("metrics"))
}

/// What was measured of the raw features stands at step 0 of what was measured of the embeddings.
fn over_steps(metrics: &[MetricRow]) -> Vec<Series> {
    let mut series = Vec::new();
    for metric in metrics.iter().filter(|metric| !metric.name.starts_with("loss")) {
        match metric.name.strip_prefix("raw.") {
            Some(name) => add(&mut series, name, (0.0, metric.value)),
            None => add(&mut series, &metric.name, (metric.step as f64, metric.value)),
        }
    }
    series
}

/// The last value of a round. What training says about itself belongs to a round's own picture, and what was asked to
/// the tables of questions.
fn over_rounds<M: AsRef<[MetricRow]>>(rounds: &[(u32, M)]) -> Vec<Series> {
    let left_out = |name: &str| {
        name == "learning_rate"
            || name == "stall"
            || ["loss", "raw.", "ask."].iter().any(|start| name.starts_with(start))
    };
    let mut series = Vec::new();
    for (round, metrics) in rounds {
        let metrics = metrics.as_ref().iter().filter(|metric| !left_out(&metric.name));
        let last: BTreeMap<&str, f64> = metrics.map(|metric| (metric.name.as_str(), metric.value)).collect();
        last.into_iter().for_each(|(name, value)| add(&mut series, name, (f64::from(*round), value)));
    }
    series
}

fn add(series: &mut Vec<Series>, name: &str, point: (f64, f64)) {
    match series.iter_mut().find(|(known, _)| known == name) {
        Some((_, points)) => points.push(point),
        None => series.push((name.to_owned(), vec![point])),
    }
}

/// A series that is no share, such as an effective rank or a learning rate, as shares of its largest value, which the
/// name tells.
fn in_unit((name, points): Series) -> Series {
    let largest = points.iter().map(|point| point.1.abs()).filter(|value| value.is_finite()).fold(0.0, f64::max);
    let is_share = points.iter().all(|point| (0.0..=1.0).contains(&point.1)) && largest >= LOW;
    if is_share || largest == 0.0 {
        return (name, points);
    }
    let scale = if largest >= 0.1 { format!("{largest:.2}") } else { format!("{largest:.1e}") };
    (format!("{name} / {scale}"), points.into_iter().map(|(x, y)| (x, y / largest)).collect())
}

/// `plots/embeddings.{svg,png}`: the first two principal components, of the test rows and coloured by a label if there
/// is one, and no more classes than there can be, else of all rows.
pub(crate) fn draw_embeddings(run: &Run, columns: &[String], label: Option<&str>) -> Result<()> {
    scatter_by_default(run, &run.path(Artifact::Plots), columns, label, false)?;
    Ok(())
}

/// Also `plots/neighbourhoods.{svg,png}`: the same rows by t-SNE, which takes some seconds for thousands of rows.
pub(crate) fn draw_embeddings_and_neighbourhoods(run: &Run, columns: &[String], label: Option<&str>) -> Result<()> {
    scatter_by_default(run, &run.path(Artifact::Plots), columns, label, true)?;
    Ok(())
}

/// By a label that nobody has asked for a picture of: it may be that of thousands of entities, which have no colours.
fn scatter_by_default(
    run: &Run,
    folder: &Path,
    columns: &[String],
    label: Option<&str>,
    neighbourhoods: bool,
) -> Result<Vec<PathBuf>> {
    match scatter(run, folder, columns, label, neighbourhoods) {
        Err(PipelineError::Evaluate(EvaluateError::TooManyClasses { .. })) => {
            scatter(run, folder, columns, None, neighbourhoods)
        }
        drawn => drawn,
    }
}

fn scatter(
    run: &Run,
    folder: &Path,
    columns: &[String],
    label: Option<&str>,
    neighbourhoods: bool,
) -> Result<Vec<PathBuf>> {
    let (vectors, classes, by) = match label {
        Some(label) => {
            let split = read_split(&run.embeddings(), columns, label)?;
            (split.test, split.classes, format!(" by {label}"))
        }
        None => {
            let Some(all) = read_vectors(&run.embeddings())?.filter(|all| all.rows() > 1) else { return Ok(vec![]) };
            (all, Classes::new(BTreeSet::from(["all rows".to_owned()])), String::new())
        }
    };
    let projected = projection(&vectors, 0)?;
    let mut drawn = save(&projected.figure(format!("Embeddings{by}"), &classes), &folder.join("embeddings"))?;
    let map = if neighbourhoods { tsne(&projected)? } else { None };
    if let Some(map) = map {
        let figure = map.figure(format!("Neighbourhoods of embeddings{by}"), &classes);
        drawn.extend(save(&figure, &folder.join("neighbourhoods"))?);
    }
    Ok(drawn)
}

fn save(figure: &impl Figure, path: &Path) -> Result<Vec<PathBuf>> {
    figure.save(path)?;
    Ok(["svg", "png"].map(|extension| path.with_extension(extension)).to_vec())
}

impl Run {
    /// Draws the loss, the metrics and the embeddings again, as `loss`, `metrics`, `embeddings` (their first two principal
    /// components) and `neighbourhoods` (t-SNE, unless there are fewer than 10 rows, or two components show everything),
    /// each `.svg` and `.png`, in `folder` (by default the run's `plots`), and returns the files. Embeddings are coloured
    /// by the column `label`, by default that of the run's first evaluation; without either all rows have one colour.
    pub fn plot(&self, label: Option<&str>, folder: Option<&Path>) -> Result<Vec<PathBuf>> {
        let plan = self.plan()?;
        let folder = folder.map_or_else(|| self.path(Artifact::Plots), Path::to_path_buf);
        let rounds = metrics_of_rounds(self)?;
        let mut drawn = loss(&folder, &self.metrics()?)?;
        drawn.extend(metrics(&folder, &rounds)?);
        self.existing(Artifact::Embeddings)?;
        let columns = self.samples()?.columns;
        drawn.extend(match label {
            Some(label) => scatter(self, &folder, &columns, Some(label), true)?,
            None => {
                let first = plan.evaluate.first().and_then(|first| first["label"].as_str());
                scatter_by_default(self, &folder, &columns, first, true)?
            }
        });
        if drawn.is_empty() {
            return Err(StoreError::NotThere {
                folder: self.folder().to_path_buf(),
                what: "metrics and no two embeddings to draw".to_owned(),
                hint: "Train for more than one step, or on more than one sample.".to_owned(),
            }
            .into());
        }
        Ok(drawn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture;

    fn metric(step: u64, name: &str, value: f64) -> MetricRow {
        MetricRow::now(step, 0, name.to_owned(), value)
    }

    #[test]
    fn neighbourhoods_are_drawn_where_two_axes_do_not_show_everything() {
        let folder = tempfile::tempdir().unwrap();
        let run = fixture::run(folder.path());
        let corner = |row: u64| (row, [0, 1, 2, 3].map(|at| if row % 4 == at { 2.0 } else { row as f32 / 40.0 }));
        fixture::embeddings(&run, &(0..24).map(corner).collect::<Vec<_>>());
        let names = |neighbourhoods: bool| -> Vec<String> {
            let drawn = scatter(&run, folder.path(), &[], None, neighbourhoods).unwrap();
            drawn.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect()
        };
        let both = ["embeddings.svg", "embeddings.png", "neighbourhoods.svg", "neighbourhoods.png"];
        assert_eq!(names(true), both);
        assert!(both.iter().all(|name| folder.path().join(name).exists()));
        assert_eq!(names(false), both[..2]);
        fixture::embeddings(&run, &(0..24).map(|row| (row, [row as f32, (row % 5) as f32])).collect::<Vec<_>>());
        assert_eq!(names(true), both[..2]);
    }

    #[test]
    fn metrics_of_one_training_go_over_steps_and_those_of_rounds_over_rounds() {
        let rate = [metric(1, "learning_rate", 0.001), metric(2, "learning_rate", 0.002), metric(2, "loss", 3.0)];
        let measured = [metric(2, "raw.knn.test", 0.5), metric(2, "knn.test", 0.75)];
        let ranks = [metric(2, "raw.geometry.effective_rank", 8.0), metric(2, "geometry.effective_rank", 4.0)];
        let series = over_steps(&[&rate[..], &measured, &ranks].concat());
        let series: Vec<Series> = series.into_iter().map(in_unit).collect();
        let expected = [
            ("learning_rate / 2.0e-3", vec![(1.0, 0.5), (2.0, 1.0)]),
            ("knn.test", vec![(0.0, 0.5), (2.0, 0.75)]),
            ("geometry.effective_rank / 8.00", vec![(0.0, 1.0), (2.0, 0.5)]),
        ];
        assert_eq!(series, expected.map(|(name, points)| (name.to_owned(), points)));

        let rounds = [(0, vec![metric(9, "knn.test", 0.5), metric(9, "stall", 0.1)]), (1, measured.to_vec())];
        assert_eq!(over_rounds(&rounds), [("knn.test".to_owned(), vec![(0.0, 0.5), (1.0, 0.75)])]);

        let folder = tempfile::tempdir().unwrap();
        assert_eq!(metrics(folder.path(), &[(0, &rate[..1])]).unwrap(), Vec::<PathBuf>::new());
        assert_eq!(metrics(folder.path(), &[(0, &rate[..])]).unwrap().len(), 2);
    }
}
