//! `audit`: the pairs that an audit of a decision asked about, and what was answered.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type};

use crate::{Column, SchemaError, Table};

/// The smaller id of the pair.
pub const SRC: &str = "src";
/// The larger id of the pair.
pub const DST: &str = "dst";
/// The probability of the pair.
pub const PROBABILITY: &str = "probability";
/// Whether the pair was decided to be the same entity.
pub const DECIDED: &str = "decided";
/// What was answered.
pub const RELATED: &str = "related";
/// How many pairs it stands for.
pub const WEIGHT: &str = "weight";

/// The `audit` table.
pub const AUDIT: Table = Table {
    name: "audit",
    version: 1,
    docs: "one row for each pair that the audit of a decision asked about; nothing else is learned from its answers",
    columns: &[
        Column { name: SRC, data_type: || DataType::UInt64, nullable: false, docs: "the smaller id of the pair" },
        Column { name: DST, data_type: || DataType::UInt64, nullable: false, docs: "the larger id of the pair" },
        Column {
            name: PROBABILITY,
            data_type: || DataType::Float64,
            nullable: true,
            docs: "the probability, before the audit, that both samples are the same entity, in [0, 1]; null of a pair that is no \
                   candidate, and in one entity by others",
        },
        Column {
            name: DECIDED,
            data_type: || DataType::Boolean,
            nullable: false,
            docs: "whether both samples are of one entity by the decision",
        },
        Column {
            name: RELATED,
            data_type: || DataType::Boolean,
            nullable: true,
            docs: "whether they are, as was answered; null if nobody knew",
        },
        Column {
            name: WEIGHT,
            data_type: || DataType::Float64,
            nullable: false,
            docs: "how many pairs it stands for: those of its stratum by the answered ones; 0 without an answer",
        },
    ],
};

/// Checks a batch: probabilities in [0, 1], weights of at least 0, and none of a pair that nobody knew.
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    AUDIT.check_columns(batch, first_row)?;
    let probability = batch[PROBABILITY].as_primitive::<Float64Type>();
    let weight = batch[WEIGHT].as_primitive::<Float64Type>().values();
    for row in 0..batch.num_rows() {
        let error = if probability.is_valid(row) && !(0.0..=1.0).contains(&probability.value(row)) {
            let found = probability.value(row).to_string();
            SchemaError::column(AUDIT.name, PROBABILITY, "a number in [0, 1]", found, "Scale the probability.")
        } else if !(weight[row] >= 0.0 && weight[row].is_finite()) || (weight[row] > 0.0 && batch[RELATED].is_null(row))
        {
            let hint = "Only pairs with an answer stand for others.";
            SchemaError::column(AUDIT.name, WEIGHT, "a weight, and 0 without an answer", weight[row].to_string(), hint)
        } else {
            continue;
        };
        return Err(error.at_row(first_row + row as u64));
    }
    Ok(())
}
