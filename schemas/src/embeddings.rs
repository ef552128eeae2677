//! `embeddings`: one vector per sample, beside the sample's own columns.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Float32Type};

use crate::features::first_not_finite;
use crate::{Column, SchemaError, Table};

/// The sample.
pub const ID: &str = "id";
/// The vector.
pub const EMBEDDING: &str = "embedding";

/// The `embeddings` table, but for the vector, whose width is part of its type (see [`embedding_field`]).
pub const EMBEDDINGS: Table = Table {
    name: "embeddings",
    version: 1,
    docs: "one row for each sample: its vector (`embedding`, a fixed-size list of 32-bit floats) beside its other columns",
    columns: &[Column { name: ID, data_type: || DataType::UInt64, nullable: false, docs: "the sample" }],
};

/// The field `embedding`: FixedSizeList<Float32, width>.
pub fn embedding_field(width: usize) -> Field {
    let item = Field::new("item", DataType::Float32, false);
    Field::new(EMBEDDING, DataType::FixedSizeList(item.into(), width as i32), false)
}

/// Checks a batch of embeddings: an id in every row, and finite Float32 vectors of one width.
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    EMBEDDINGS.check_columns(batch, first_row)?;
    let expected = "FixedSizeList<Float32, K>";
    let Some(column) = batch.column_by_name(EMBEDDING) else {
        return Err(SchemaError::column("embeddings", EMBEDDING, expected, "no such column", "Add the vectors."));
    };
    match column.data_type() {
        DataType::FixedSizeList(item, width) if item.data_type() == &DataType::Float32 && *width > 0 => {
            let list = column.as_fixed_size_list();
            let values = list.values().as_primitive::<Float32Type>();
            match first_not_finite(values.values()) {
                None => Ok(()),
                Some(at) => Err(SchemaError::column(
                    "embeddings",
                    EMBEDDING,
                    "finite numbers",
                    values.value(at).to_string(),
                    "Drop the row, or look for the step at which training diverged.",
                )
                .at_row(first_row + at as u64 / *width as u64)),
            }
        }
        other => Err(SchemaError::column(
            "embeddings",
            EMBEDDING,
            expected,
            other.to_string(),
            "Cast the vectors to lists of 32-bit floats of one length.",
        )),
    }
}
