//! What every table has in common: a name, a version kept in the schema's metadata, documented columns, a validator.

use std::collections::HashMap;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use crate::SchemaError;

/// One documented column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its Arrow type.
    pub data_type: fn() -> DataType,
    /// Whether nulls are allowed.
    pub nullable: bool,
    /// What it means, in a sentence.
    pub docs: &'static str,
}

/// A table of fixed leading columns; a user's own columns may follow them untouched.
#[derive(Debug, Clone, Copy)]
pub struct Table {
    /// The table's name, as SQL sees it.
    pub name: &'static str,
    /// The version of its layout.
    pub version: u32,
    /// What a row is, in a sentence.
    pub docs: &'static str,
    /// Its columns, in order.
    pub columns: &'static [Column],
}

impl Table {
    /// The Arrow schema: the columns, and `relata.table` and `relata.version` as metadata.
    pub fn schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self.columns.iter().map(|c| Field::new(c.name, (c.data_type)(), c.nullable)).collect();
        Schema::new_with_metadata(fields, self.metadata()).into()
    }

    /// The schema metadata that names the table and its version.
    pub fn metadata(&self) -> HashMap<String, String> {
        HashMap::from([
            ("relata.table".to_owned(), self.name.to_owned()),
            ("relata.version".to_owned(), self.version.to_string()),
        ])
    }

    /// Checks that every column is there with its type, and that columns without nulls have none.
    /// `first_row` is the number of the batch's first row within the table.
    pub fn check_columns(&self, batch: &RecordBatch, first_row: u64) -> Result<(), SchemaError> {
        for column in self.columns {
            let expected = (column.data_type)();
            let Some(array) = batch.column_by_name(column.name) else {
                let names: Vec<_> = batch.schema().fields().iter().map(|f| f.name().clone()).collect();
                return Err(SchemaError::column(
                    self.name,
                    column.name,
                    format!("a column of type {expected}"),
                    format!("only the columns {}", names.join(", ")),
                    format!("Add the column: {}", column.docs),
                ));
            };
            if array.data_type() != &expected {
                return Err(SchemaError::column(
                    self.name,
                    column.name,
                    expected.to_string(),
                    array.data_type().to_string(),
                    "Cast the column to the expected type.",
                ));
            }
            if !column.nullable && array.null_count() > 0 {
                let row = (0..array.len()).find(|&row| array.is_null(row)).unwrap_or_default();
                return Err(SchemaError::column(
                    self.name,
                    column.name,
                    "a value in every row",
                    "null",
                    "Fill the value in or drop the row.",
                )
                .at_row(first_row + row as u64));
            }
        }
        Ok(())
    }
}
