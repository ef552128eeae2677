//! `entities`: the entity that each sample was decided to be.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float32Type};

use crate::{Column, SchemaError, Table};

/// The sample.
pub const ID: &str = "id";
/// The entity.
pub const ENTITY: &str = "entity";
/// Samples of the entity.
pub const SIZE: &str = "size";
/// How sure it is that the sample belongs to the entity.
pub const CONFIDENCE: &str = "confidence";
/// The sample that stands for the entity.
pub const REPRESENTATIVE: &str = "representative";

/// The `entities` table.
pub const ENTITIES: Table = Table {
    name: "entities",
    version: 1,
    docs: "one row for each sample: the entity that it is",
    columns: &[
        Column { name: ID, data_type: || DataType::UInt64, nullable: false, docs: "the sample" },
        Column {
            name: ENTITY,
            data_type: || DataType::UInt64,
            nullable: false,
            docs: "the entity: the smallest id of its samples; where a run was extended, the one that it had",
        },
        Column { name: SIZE, data_type: || DataType::UInt32, nullable: false, docs: "samples of the entity" },
        Column {
            name: CONFIDENCE,
            data_type: || DataType::Float32,
            nullable: false,
            docs: "the probability that the sample belongs to the entity, in [0, 1]",
        },
        Column {
            name: REPRESENTATIVE,
            data_type: || DataType::UInt64,
            nullable: false,
            docs: "the sample of the entity that is most like its others",
        },
    ],
};

/// Checks a batch of entities: confidences in [0, 1].
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    ENTITIES.check_columns(batch, first_row)?;
    let confidence = batch[CONFIDENCE].as_primitive::<Float32Type>().values();
    match confidence.iter().position(|value| !(0.0..=1.0).contains(value)) {
        None => Ok(()),
        Some(row) => {
            let (expected, found) = ("a number in [0, 1]", confidence[row].to_string());
            let hint = "Scale the confidence to a probability.";
            let error = SchemaError::column(ENTITIES.name, CONFIDENCE, expected, found, hint);
            Err(error.at_row(first_row + row as u64))
        }
    }
}
