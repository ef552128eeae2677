//! Evaluations before and after training, and the `metrics` table.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt32Array, UInt64Array};
use relata_data::OperatorError;
use relata_data::sink::ParquetSink;
use relata_schemas::metrics::{METRICS, validate};
use relata_schemas::samples::SPLIT;
use relata_train::fit::Metric;

use crate::Result;
use crate::evaluate::{Evaluation, Split, split_reader};

/// Reads the labelled vectors of a file for every label column that the evaluations need, and measures; in `folder`, if
/// they are those of a run.
pub(crate) fn measure(
    evaluations: &[Box<dyn Evaluation>],
    embeddings: &Path,
    columns: &[String],
    prefix: &str,
    folder: Option<&Path>,
) -> Result<Vec<(String, f64)>> {
    let mut splits: BTreeMap<&str, Split> = BTreeMap::new();
    let mut measured = Vec::new();
    for evaluation in evaluations {
        let label = evaluation.label();
        if !splits.contains_key(label) {
            splits.insert(label, read_split(embeddings, columns, label)?);
        }
        let split = &splits[label];
        let values = match folder {
            Some(folder) => evaluation.measure_run(split, folder)?,
            None => evaluation.measure(split)?,
        };
        measured.extend(values.into_iter().map(|(name, value)| (format!("{prefix}{name}"), value)));
    }
    Ok(measured)
}

/// Training and test rows by the column `split` where there is one.
pub(crate) fn read_split(embeddings: &Path, columns: &[String], label: &str) -> Result<Split> {
    let reader = split_reader(label);
    let by_column = columns.iter().any(|column| column == SPLIT);
    Ok(if by_column { reader.with_split(SPLIT) } else { reader }.read(embeddings)?)
}

/// Writes the `metrics` table of a round; 0 is training without questions.
pub(crate) fn write_metrics(path: &Path, metrics: &[Metric], round: u32) -> Result<()> {
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
    .map_err(OperatorError::from)?;
    validate(&batch, 0).map_err(OperatorError::from)?;
    let mut sink = ParquetSink::create(path, METRICS.schema())?;
    sink.write(&batch)?;
    sink.finish()?;
    Ok(())
}
