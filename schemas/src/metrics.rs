//! `metrics`: one row per measured number.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type, TimeUnit};

use crate::{Column, SchemaError, Table};

/// The `metrics` table.
pub const METRICS: Table = Table {
    name: "metrics",
    version: 1,
    docs: "one row for each measured number",
    columns: &[
        Column { name: "step", data_type: || DataType::UInt64, nullable: false, docs: "optimiser steps taken" },
        Column { name: "epoch", data_type: || DataType::UInt32, nullable: false, docs: "epochs finished" },
        Column {
            name: "round",
            data_type: || DataType::UInt32,
            nullable: false,
            docs: "round of questions, 0 if none",
        },
        Column {
            name: "name",
            data_type: || DataType::Utf8,
            nullable: false,
            docs: "what was measured, e.g. `loss`, `loss.invariance`, `linear_probe.test`",
        },
        Column { name: "value", data_type: || DataType::Float64, nullable: false, docs: "the measured number" },
        Column {
            name: "at",
            data_type: || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            nullable: false,
            docs: "when it was measured",
        },
    ],
};

/// Checks a batch of metrics: every value is a number.
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    METRICS.check_columns(batch, first_row)?;
    let values = batch["value"].as_primitive::<Float64Type>().values();
    match values.iter().position(|v| v.is_nan()) {
        None => Ok(()),
        Some(row) => Err(SchemaError::column(
            "metrics",
            "value",
            "a number",
            "NaN",
            "A measurement that could not be made is left out, not written as NaN.",
        )
        .at_row(first_row + row as u64)),
    }
}
