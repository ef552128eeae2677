//! The metrics that a run has recorded.

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimestampMicrosecondType, UInt32Type, UInt64Type};
use relata_data::OperatorError;
use relata_schemas::metrics::validate;
use relata_train::fit::Metric;

use super::Run;
use crate::Result;

impl Run {
    /// The rows of the table `metrics`, in the order in which they were measured.
    pub fn metrics(&self) -> Result<Vec<Metric>> {
        Ok(self.metrics_of_rounds()?.into_iter().flat_map(|(_, metrics)| metrics).collect())
    }

    /// The same, by round; 0 is before any question.
    pub(crate) fn metrics_of_rounds(&self) -> Result<Vec<(u32, Vec<Metric>)>> {
        let (mut rounds, mut rows): (Vec<(u32, Vec<Metric>)>, u64) = (Vec::new(), 0);
        for batch in self.read("metrics.parquet")? {
            validate(&batch, rows).map_err(OperatorError::from)?;
            rows += batch.num_rows() as u64;
            let names = cast(&batch["name"], &DataType::Utf8).map_err(OperatorError::from)?;
            let names = names.as_string::<i32>();
            let steps = batch["step"].as_primitive::<UInt64Type>();
            let epochs = batch["epoch"].as_primitive::<UInt32Type>();
            let values = batch["value"].as_primitive::<Float64Type>();
            let at = batch["at"].as_primitive::<TimestampMicrosecondType>();
            let of_round = batch["round"].as_primitive::<UInt32Type>();
            for row in 0..batch.num_rows() {
                let metric = Metric {
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
}
