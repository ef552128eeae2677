//! `oracle_accuracy`: how often each oracle that states relations is right, by its agreement with others and with
//! answers.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float64Type};

use crate::{Column, SchemaError, Table};

/// The oracle.
pub const ORACLE: &str = "oracle";
/// Pairs that it says something about.
pub const PAIRS: &str = "pairs";
/// Those that it calls related.
pub const POSITIVES: &str = "positives";
/// Those that it calls unrelated.
pub const NEGATIVES: &str = "negatives";
/// What others say about the same pairs.
pub const COMPARED: &str = "compared";
/// The share of that which is the same.
pub const AGREEMENT: &str = "agreement";
/// The estimated share of its statements that is right.
pub const ACCURACY: &str = "accuracy";
/// What its weights were multiplied by.
pub const WEIGHT: &str = "weight";

/// The `oracle_accuracy` table.
pub const ORACLE_ACCURACY: Table = Table {
    name: "oracle_accuracy",
    version: 1,
    docs: "one row for each oracle that states relations between samples, by the name in `rel`",
    columns: &[
        Column { name: ORACLE, data_type: || DataType::Utf8, nullable: false, docs: "the oracle" },
        Column {
            name: PAIRS,
            data_type: || DataType::UInt64,
            nullable: false,
            docs: "pairs that it says something about, those that its groups imply included",
        },
        Column {
            name: POSITIVES,
            data_type: || DataType::UInt64,
            nullable: false,
            docs: "those that it calls related",
        },
        Column {
            name: NEGATIVES,
            data_type: || DataType::UInt64,
            nullable: false,
            docs: "those that it calls unrelated",
        },
        Column {
            name: COMPARED,
            data_type: || DataType::UInt64,
            nullable: false,
            docs: "what other oracles and answers say about the same pairs; of pairs of groups that nobody else states, a \
                   sample",
        },
        Column {
            name: AGREEMENT,
            data_type: || DataType::Float64,
            nullable: true,
            docs: "the share of that which is the same; null without any",
        },
        Column {
            name: ACCURACY,
            data_type: || DataType::Float64,
            nullable: false,
            docs: "the estimated share of its statements that is right (a label model); 0.75 where nothing tells",
        },
        Column {
            name: WEIGHT,
            data_type: || DataType::Float32,
            nullable: false,
            docs: "what the weights of its pairs were multiplied by: 1 unless oracles are weighed by agreement; at 0 its \
                   pairs were left out of the graph",
        },
    ],
};

/// Checks a batch: shares in [0, 1].
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    ORACLE_ACCURACY.check_columns(batch, first_row)?;
    for name in [AGREEMENT, ACCURACY] {
        let share = batch[name].as_primitive::<Float64Type>();
        let odd = (0..share.len()).find(|&row| share.is_valid(row) && !(0.0..=1.0).contains(&share.value(row)));
        if let Some(row) = odd {
            let found = share.value(row).to_string();
            let error =
                SchemaError::column(ORACLE_ACCURACY.name, name, "a share in [0, 1]", found, "Divide by the total.");
            return Err(error.at_row(first_row + row as u64));
        }
    }
    Ok(())
}
