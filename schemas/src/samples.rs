//! `samples`: the rows that are to be embedded. Features are kept apart from the columns that describe a sample.

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;

use crate::{Column, SchemaError, Table};

/// The sample's number.
pub const ID: &str = "id";
/// The user's own id, where it is not an unsigned integer.
pub const SOURCE_ID: &str = "source_id";
/// The usual name of the class column.
pub const LABEL: &str = "label";
/// The usual name of the train/test column.
pub const SPLIT: &str = "split";

/// The `samples` table: `id`, then whatever columns the user's data has.
pub const SAMPLES: Table = Table {
    name: "samples",
    version: 1,
    docs: "one row for each sample, with the columns of the data that are no features; of a table of text, numbers and dates with all its columns",
    columns: &[Column {
        name: ID,
        data_type: || DataType::UInt64,
        nullable: false,
        docs: "the sample's number, unique in the dataset",
    }],
};

/// Checks a batch of samples; that ids are unique is checked while the whole table is read.
pub fn validate(batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
    SAMPLES.check_columns(batch, first_row)
}
