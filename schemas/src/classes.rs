//! `classes`: the class that each sample was decided to be of.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Float32Type};

use crate::{Column, SchemaError, Table};

/// The sample.
pub const ID: &str = "id";
/// The name of its class.
pub const CLASS: &str = "class";
/// The known group of samples whose class it is.
pub const GROUP: &str = "group";
/// How sure that is.
pub const PROBABILITY: &str = "probability";
/// Whether it was known.
pub const KNOWN: &str = "known";

/// The `classes` table.
pub const CLASSES: Table = Table {
    name: "classes",
    version: 1,
    docs: "one row for each sample: the class that it is of",
    columns: &[
        Column { name: ID, data_type: || DataType::UInt64, nullable: false, docs: "the sample" },
        Column {
            name: CLASS,
            data_type: || DataType::Utf8,
            nullable: true,
            docs: "the name of the class; null if its group has no name, or the sample is of none of the classes",
        },
        Column {
            name: GROUP,
            data_type: || DataType::UInt64,
            nullable: true,
            docs: "the class by a sample that stands for it: the smallest id that is known to be of the class; null if the \
                   sample is of none of them",
        },
        Column {
            name: PROBABILITY,
            data_type: || DataType::Float32,
            nullable: false,
            docs: "the calibrated probability that this is so, in [0, 1]",
        },
        Column {
            name: KNOWN,
            data_type: || DataType::Boolean,
            nullable: false,
            docs: "whether that was known before the decision",
        },
    ],
};

/// Checks a batch of classes: probabilities in [0, 1], and no class without a group.
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    CLASSES.check_columns(batch, first_row)?;
    let probability = batch[PROBABILITY].as_primitive::<Float32Type>().values();
    for (row, probability) in probability.iter().enumerate() {
        let error = if !(0.0..=1.0).contains(probability) {
            let hint = "Scale the probability.";
            SchemaError::column(CLASSES.name, PROBABILITY, "a number in [0, 1]", probability.to_string(), hint)
        } else if batch[CLASS].is_valid(row) && batch[GROUP].is_null(row) {
            let hint = "A class has a sample that stands for it.";
            SchemaError::column(CLASSES.name, GROUP, "the group of the class", "null", hint)
        } else {
            continue;
        };
        return Err(error.at_row(first_row + row as u64));
    }
    Ok(())
}
