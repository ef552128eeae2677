//! `memberships`: groups of related samples, a clique of n samples as n rows instead of n(n-1)/2 edges.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float32Type};

use crate::edges::check_weight;
use crate::{Column, SchemaError, Table};

/// The member.
pub const ID: &str = "id";
/// The group.
pub const GROUP: &str = "group";
/// The weight of every pair in the group.
pub const WEIGHT: &str = "weight";
/// The oracle or relation.
pub const REL: &str = "rel";
/// Whether groups exclude each other.
pub const EXCLUSIVE: &str = "exclusive";

/// The `memberships` table.
pub const MEMBERSHIPS: Table = Table {
    name: "memberships",
    version: 1,
    docs: "one row for each sample of a must-link group: a clique of n samples takes n rows",
    columns: &[
        Column { name: ID, data_type: || DataType::UInt64, nullable: false, docs: "the sample" },
        Column {
            name: GROUP,
            data_type: || DataType::UInt64,
            nullable: false,
            docs: "the group within `rel`; all members of a group are related to each other",
        },
        Column {
            name: WEIGHT,
            data_type: || DataType::Float32,
            nullable: false,
            docs: "weight of every pair in the group, in [-1, 1] without 0",
        },
        Column {
            name: REL,
            data_type: || DataType::Utf8,
            nullable: false,
            docs: "the oracle or relation that says so",
        },
        Column {
            name: EXCLUSIVE,
            data_type: || DataType::Boolean,
            nullable: false,
            docs: "true if members of different groups of this `rel` are known negatives of the same |weight|",
        },
    ],
};

/// Checks a batch of memberships.
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    MEMBERSHIPS.check_columns(batch, first_row)?;
    for (row, &weight) in batch[WEIGHT].as_primitive::<Float32Type>().values().iter().enumerate() {
        check_weight("memberships", WEIGHT, weight).map_err(|e| e.at_row(first_row + row as u64))?;
    }
    Ok(())
}
