//! The pictures of a run: views, loss, and the embeddings in two dimensions.

use relata_operators::augment::Views;
use relata_operators::sink::{contact_sheet, save_png};
use relata_operators::source::Samples;
use relata_train::fit::Metric;

use super::Run;
use super::measure::read_split;
use crate::Result;
use crate::plot::{Figure, Series, curves, projection};

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
    if series.first().is_some_and(|(_, points)| points.len() > 1) {
        curves("Training loss", "loss", &series).with_x_label("step").save(&run.path("plots/loss"))?;
    }
    Ok(())
}

/// `plots/embeddings.{svg,png}`: the first two principal components of the test rows, coloured by a label.
pub(crate) fn draw_embeddings(run: &Run, columns: &[String], label: &str) -> Result<()> {
    let split = read_split(&run.embeddings(), columns, label)?;
    let points = projection(&split.test, 0)?;
    points.figure(format!("Embeddings by {label}"), &split.classes).save(&run.path("plots/embeddings"))?;
    Ok(())
}
