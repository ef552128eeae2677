//! Cells of an edge file: columns of numbers, and errors that name the row.

use std::fmt::Display;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, UInt32Type};
use arrow::util::display::array_value_to_string;
use relata_schemas::SchemaError;

use crate::error::{GraphError, Result};

/// The column of a batch and its name.
pub(super) type NamedColumn<'a> = (&'a ArrayRef, &'a str);

/// Where in a file a batch stands.
#[derive(Debug)]
pub(super) struct Cells {
    pub(super) file: String,
    /// The row of the file that is the first of the batch.
    pub(super) row: u64,
}

impl Cells {
    /// A column of numbers; those of rows that are not needed may be missing.
    pub(super) fn numbers(&self, (column, name): NamedColumn<'_>, needed: impl Fn(usize) -> bool) -> Result<Vec<f64>> {
        let numbers = cast(column, &DataType::Float64)?;
        if let Some(row) = (0..column.len()).find(|&row| numbers.is_null(row) && needed(row)) {
            return Err(self.missing((column, name), row, "a number"));
        }
        Ok(numbers.as_primitive::<Float64Type>().iter().map(Option::unwrap_or_default).collect())
    }

    /// A column of numbers in [0, 1]; those of rows that are not needed may be anything.
    pub(super) fn fractions(&self, column: NamedColumn<'_>, needed: impl Fn(usize) -> bool) -> Result<Vec<f64>> {
        let numbers = self.numbers(column, &needed)?;
        match (0..numbers.len()).find(|&row| !(0.0..=1.0).contains(&numbers[row]) && needed(row)) {
            None => Ok(numbers),
            Some(row) => {
                let hint = "Scale it to a probability.";
                Err(self.wrong(column.1, row, "a number in [0, 1]", numbers[row], hint))
            }
        }
    }

    /// A column of numbers of rounds.
    pub(super) fn rounds(&self, (column, name): NamedColumn<'_>) -> Result<Vec<u32>> {
        let rounds = cast(column, &DataType::UInt32)?;
        match (0..rounds.len()).find(|&row| rounds.is_null(row)) {
            None => Ok(rounds.as_primitive::<UInt32Type>().values().to_vec()),
            Some(row) => Err(self.missing((column, name), row, "an integer from 0")),
        }
    }

    /// The error for a value that is null, or that a cast turned into null.
    pub(super) fn missing(&self, (column, name): NamedColumn<'_>, row: usize, expected: &str) -> GraphError {
        if is_missing(column, row) {
            return self.wrong(name, row, expected, "null", "Fill the value in or drop the row.");
        }
        match array_value_to_string(column, row) {
            Ok(found) => self.wrong(name, row, expected, format!("`{found}`"), "Correct the value or drop the row."),
            Err(error) => error.into(),
        }
    }

    pub(super) fn wrong(
        &self,
        column: &str,
        row: usize,
        expected: impl Into<String>,
        found: impl Display,
        hint: impl Into<String>,
    ) -> GraphError {
        self.at(row, SchemaError::column(&self.file, column, expected, found.to_string(), hint))
    }

    pub(super) fn unknown(&self, column: &str, row: usize, id: String) -> GraphError {
        GraphError::UnknownId { table: self.file.clone(), column: column.to_owned(), row: self.row + row as u64, id }
    }

    /// An error at a row of the batch.
    pub(super) fn at(&self, row: usize, error: SchemaError) -> GraphError {
        error.at_row(self.row + row as u64).into()
    }
}

/// Whether a value is null, also in a column of nothing else.
pub(super) fn is_missing(column: &ArrayRef, row: usize) -> bool {
    column.is_null(row) || column.data_type() == &DataType::Null
}
