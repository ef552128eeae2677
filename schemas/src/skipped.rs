//! `skipped`: samples that were left out because their picture could not be read.

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;

use crate::{Column, SchemaError, Table};

/// The `skipped` table.
pub const SKIPPED: Table = Table {
    name: "skipped",
    version: 1,
    docs: "one row for each sample that was left out because its picture could not be read",
    columns: &[
        Column {
            name: "row",
            data_type: || DataType::UInt64,
            nullable: false,
            docs: "its row in the source, from 0, with those that were left out",
        },
        Column { name: "column", data_type: || DataType::Utf8, nullable: false, docs: "the column of the picture" },
        Column {
            name: "path",
            data_type: || DataType::Utf8,
            nullable: true,
            docs: "the path of the picture; null where the column holds its bytes",
        },
        Column { name: "reason", data_type: || DataType::Utf8, nullable: false, docs: "why it could not be read" },
    ],
};

/// Checks a batch of samples that were left out.
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    SKIPPED.check_columns(batch, first_row)
}
