//! Metrics: the table of everything that a run has measured.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    AsArray, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt32Array, UInt64Array,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use relata_data::sink::ParquetSink;
use relata_data::{DataError, ParquetFile};
use relata_schemas::metrics::{METRICS, validate};
use relata_train::training::MetricRow;

use super::artifact::Artifact;
use super::error::Result;
use super::run::Run;

impl Run {
    /// The rows of the table `metrics`, in the order in which they were measured.
    ///
    /// ```no_run
    /// use relata::prelude::*;
    ///
    /// let metrics = Run::open("runs/digits")?.metrics()?;
    /// let losses: Vec<f64> = metrics.iter().filter(|row| row.name == "loss").map(|row| row.value).collect();
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn metrics(&self) -> Result<Vec<MetricRow>> {
        Ok(metrics_of_rounds(self)?.into_iter().flat_map(|(_, metrics)| metrics).collect())
    }
}

/// The metrics of a run by round; 0 is before any question.
pub(crate) fn metrics_of_rounds(run: &Run) -> Result<Vec<(u32, Vec<MetricRow>)>> {
    read_metrics(&run.existing(Artifact::Metrics)?)
}

/// A table of metrics by round.
pub(crate) fn read_metrics(path: &Path) -> Result<Vec<(u32, Vec<MetricRow>)>> {
    let (mut rounds, mut rows): (Vec<(u32, Vec<MetricRow>)>, u64) = (Vec::new(), 0);
    for batch in ParquetFile::open(path)?.whole()? {
        validate(&batch, rows).map_err(DataError::from)?;
        rows += batch.num_rows() as u64;
        let names = cast(&batch["name"], &DataType::Utf8).map_err(DataError::from)?;
        let names = names.as_string::<i32>();
        let steps = batch["step"].as_primitive::<UInt64Type>();
        let epochs = batch["epoch"].as_primitive::<UInt32Type>();
        let values = batch["value"].as_primitive::<Float64Type>();
        let at = batch["at"].as_primitive::<TimestampMicrosecondType>();
        let of_round = batch["round"].as_primitive::<UInt32Type>();
        for row in 0..batch.num_rows() {
            let metric = MetricRow {
                step: steps.value(row),
                epoch: epochs.value(row),
                name: names.value(row).to_owned(),
                value: values.value(row),
                at: at.value(row),
            };
            match rounds.last_mut() {
                Some((round, metrics)) if *round == of_round.value(row) => metrics.push(metric),
                _ => rounds.push((of_round.value(row), vec![metric])),
            }
        }
    }
    Ok(rounds)
}

/// Writes the `metrics` table of a round; 0 is training without questions.
pub(crate) fn write_metrics(path: &Path, metrics: &[MetricRow], round: u32) -> Result<()> {
    let mut sink = ParquetSink::sealed(path, METRICS.schema())?;
    sink.write(&metrics_batch(metrics, round)?)?;
    sink.finish()?;
    Ok(())
}

/// Metrics of a round as rows of the table.
pub(crate) fn metrics_batch(metrics: &[MetricRow], round: u32) -> Result<RecordBatch> {
    let batch = RecordBatch::try_new(
        METRICS.schema(),
        vec![
            Arc::new(UInt64Array::from_iter_values(metrics.iter().map(|m| m.step))),
            Arc::new(UInt32Array::from_iter_values(metrics.iter().map(|m| m.epoch))),
            Arc::new(UInt32Array::from_iter_values(metrics.iter().map(|_| round))),
            Arc::new(StringArray::from_iter_values(metrics.iter().map(|m| &m.name))),
            Arc::new(Float64Array::from_iter_values(metrics.iter().map(|m| m.value))),
            Arc::new(TimestampMicrosecondArray::from_iter_values(metrics.iter().map(|m| m.at)).with_timezone("UTC")),
        ],
    )
    .map_err(DataError::from)?;
    validate(&batch, 0).map_err(DataError::from)?;
    Ok(batch)
}
