//! The metrics that a run has recorded.

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use relata_operators::OperatorError;
use relata_schemas::metrics::validate;
use relata_train::fit::Metric;

use super::Run;
use crate::Result;

impl Run {
    /// The rows of the table `metrics`, in the order in which they were measured.
    pub fn metrics(&self) -> Result<Vec<Metric>> {
        let mut metrics: Vec<Metric> = Vec::new();
        for batch in self.read("metrics.parquet")? {
            validate(&batch, metrics.len() as u64).map_err(OperatorError::from)?;
            let names = cast(&batch["name"], &DataType::Utf8).map_err(OperatorError::from)?;
            let names = names.as_string::<i32>();
            let steps = batch["step"].as_primitive::<UInt64Type>();
            let epochs = batch["epoch"].as_primitive::<UInt32Type>();
            let values = batch["value"].as_primitive::<Float64Type>();
            let at = batch["at"].as_primitive::<TimestampMicrosecondType>();
            metrics.extend((0..batch.num_rows()).map(|row| Metric {
                step: steps.value(row),
                epoch: epochs.value(row),
                name: names.value(row).to_owned(),
                value: values.value(row),
                at: at.value(row),
            }));
        }
        Ok(metrics)
    }
}
