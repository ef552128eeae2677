//! `questions`: what was asked, one row a question.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field};

use crate::{Column, SchemaError, Table};

/// The `questions` table.
pub const QUESTIONS: Table = Table {
    name: "questions",
    version: 1,
    docs: "one row for each question",
    columns: &[
        Column { name: "question", data_type: || DataType::UInt64, nullable: false, docs: "the question's number" },
        Column {
            name: "round",
            data_type: || DataType::UInt32,
            nullable: false,
            docs: "the round in which it was asked, from 1",
        },
        Column {
            name: "anchor",
            data_type: || DataType::UInt64,
            nullable: false,
            docs: "the sample that candidates are compared with",
        },
        Column {
            name: "candidates",
            data_type: || DataType::List(Arc::new(Field::new("item", DataType::UInt64, false))),
            nullable: false,
            docs: "the samples that may be related to the anchor, shown together",
        },
        Column {
            name: "strategy",
            data_type: || DataType::Utf8,
            nullable: false,
            docs: "the strategy that proposed it",
        },
        Column {
            name: "priority",
            data_type: || DataType::Float32,
            nullable: false,
            docs: "how useful the strategy held it to be; larger is asked first",
        },
    ],
};

/// Checks a batch of questions.
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    QUESTIONS.check_columns(batch, first_row)
}
