//! `answers`: the ledger, one row for each thing that an annotator said about a candidate, in the order it was said.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, TimeUnit};

use crate::{Column, SchemaError, Table};

/// The `answers` table.
pub const ANSWERS: Table = Table {
    name: "answers",
    version: 1,
    docs: "one row for each thing that an annotator said about a candidate, in the order it was said",
    columns: &[
        Column {
            name: "sequence",
            data_type: || DataType::UInt64,
            nullable: false,
            docs: "position in the ledger, ascending from 1",
        },
        Column { name: "question", data_type: || DataType::UInt64, nullable: false, docs: "the question" },
        Column { name: "anchor", data_type: || DataType::UInt64, nullable: false, docs: "its anchor" },
        Column { name: "candidate", data_type: || DataType::UInt64, nullable: false, docs: "the candidate" },
        Column {
            name: "related",
            data_type: || DataType::Boolean,
            nullable: true,
            docs: "whether candidate and anchor are related; null if the annotator passed",
        },
        Column {
            name: "confidence",
            data_type: || DataType::Float32,
            nullable: false,
            docs: "the annotator's own confidence in [0, 1]",
        },
        Column { name: "oracle", data_type: || DataType::Utf8, nullable: false, docs: "the oracle that was asked" },
        Column { name: "annotator", data_type: || DataType::Utf8, nullable: false, docs: "who answered within it" },
        Column { name: "cost", data_type: || DataType::Float32, nullable: false, docs: "what the answer cost" },
        Column {
            name: "answered_at",
            data_type: || DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::from("UTC"))),
            nullable: false,
            docs: "when it was written down",
        },
        Column {
            name: "undoes",
            data_type: || DataType::UInt64,
            nullable: true,
            docs: "the row that this row takes back; such a row says nothing else",
        },
    ],
};

/// Checks a batch of answers.
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    ANSWERS.check_columns(batch, first_row)
}
