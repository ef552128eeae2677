//! `separations`: pairs of groups that are known to be apart, so that every member of one is a negative of every member
//! of the other.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float32Type};

use crate::edges::check_weight;
use crate::{Column, SchemaError, Table};

/// One group.
pub const A: &str = "a";
/// The other group.
pub const B: &str = "b";
/// How much of a negative each pair is.
pub const WEIGHT: &str = "weight";
/// The oracle or relation.
pub const REL: &str = "rel";

/// The `separations` table.
pub const SEPARATIONS: Table = Table {
    name: "separations",
    version: 1,
    docs: "one row for each pair of groups between which every pair is a known negative (cannot-link)",
    columns: &[
        Column { name: A, data_type: || DataType::UInt64, nullable: false, docs: "a group of `rel` in `memberships`" },
        Column { name: B, data_type: || DataType::UInt64, nullable: false, docs: "another group of it" },
        Column {
            name: WEIGHT,
            data_type: || DataType::Float32,
            nullable: false,
            docs: "in (0, 1]: every pair between the two groups is a negative of this weight",
        },
        Column {
            name: REL,
            data_type: || DataType::Utf8,
            nullable: false,
            docs: "the oracle or relation that says so",
        },
    ],
};

/// Checks a batch of separations.
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    SEPARATIONS.check_columns(batch, first_row)?;
    for (row, &weight) in batch[WEIGHT].as_primitive::<Float32Type>().values().iter().enumerate() {
        // A separation is a negative already; a weight below 0 would turn it into the opposite.
        let weight = if weight < 0.0 { f32::NAN } else { weight };
        check_weight("separations", WEIGHT, weight).map_err(|e| e.at_row(first_row + row as u64))?;
    }
    Ok(())
}
