//! `conflicts`: pairs about which two answers or derivations contradict each other, and what the policy kept.

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;

use crate::{Column, SchemaError, Table};

/// The `conflicts` table.
pub const CONFLICTS: Table = Table {
    name: "conflicts",
    version: 1,
    docs: "one row for each pair about which oracles contradict each other",
    columns: &[
        Column { name: "src", data_type: || DataType::UInt64, nullable: false, docs: "the smaller id of the pair" },
        Column { name: "dst", data_type: || DataType::UInt64, nullable: false, docs: "the larger id of the pair" },
        Column {
            name: "positive",
            data_type: || DataType::Utf8,
            nullable: false,
            docs: "who says that the pair is related: oracles, comma-separated, or a derivation",
        },
        Column { name: "negative", data_type: || DataType::Utf8, nullable: false, docs: "who says that it is not" },
        Column { name: "policy", data_type: || DataType::Utf8, nullable: false, docs: "the policy that decided" },
        Column {
            name: "kept",
            data_type: || DataType::Float32,
            nullable: false,
            docs: "the weight that was kept; 0 if the pair became unknown",
        },
    ],
};

/// Checks a batch of conflicts.
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    CONFLICTS.check_columns(batch, first_row)
}
