//! Conversion of columns to the types in which raw values are kept: text, 64-bit floats, milliseconds, lists of 32-bit
//! floats.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, LargeStringArray, RecordBatch};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Field as ArrowField, Float64Type, Schema, TimeUnit};
use arrow::util::display::array_value_to_string;
use relata_schemas::SchemaError;

use super::field::{Field, FieldKind};
use crate::feature_columns::{FeatureColumns, is_list};
use crate::{DataError, Result};

/// Converts the columns of one field, batch by batch.
pub(super) struct Converter {
    table: String,
    field: Field,
    vectors: Option<FeatureColumns>,
}

impl Converter {
    /// A converter for a field that is read from a column of this type; refused if it cannot be read so.
    pub fn new(table: &str, field: &Field, column: &ArrowField) -> Result<Self> {
        let found = column.data_type();
        let wrong = |expected: &str, hint: &str| -> DataError {
            SchemaError::column(table, &field.column, expected, found.to_string(), hint).into()
        };
        let vectors = match field.kind {
            FieldKind::Vector {} if !is_list(found) => {
                return Err(wrong("lists of numbers of one length", "Use `number(..)` for a column of numbers."));
            }
            FieldKind::Vector {} => {
                let schema = Schema::new(vec![column.clone()]);
                Some(FeatureColumns::choose(table, &schema, std::slice::from_ref(&field.column), None)?)
            }
            _ => None,
        };
        if let FieldKind::Image(_) = field.kind
            && !is_text(found)
            && found != &DataType::LargeBinary
        {
            return Err(wrong("paths of pictures, their bytes, or `{bytes, path}`", "Name another column."));
        }
        let can_be_text = !found.is_nested() && !matches!(found, DataType::Binary | DataType::LargeBinary);
        match field.kind {
            FieldKind::Text {} | FieldKind::StaticText {} | FieldKind::Category { .. } if !can_be_text => {
                Err(wrong("text, or what can be written as text", "Cast the column, or leave it out."))
            }
            FieldKind::Number { .. } if !can_be_text || found.is_temporal() => {
                Err(wrong("numbers or booleans", "Use `date(..)` for dates and `vector(..)` for lists."))
            }
            FieldKind::Date {} if !(is_date(found) || is_text(found)) => {
                Err(wrong("dates, timestamps, or text in ISO 8601", "Cast the column to a date."))
            }
            _ => Ok(Self { table: table.to_owned(), field: field.clone(), vectors }),
        }
    }

    /// The type in which values are kept.
    pub fn kept_type(kind: FieldKind, width: usize) -> DataType {
        match kind {
            FieldKind::Text {} | FieldKind::StaticText {} | FieldKind::Category { .. } => DataType::LargeUtf8,
            FieldKind::Number { .. } => DataType::Float64,
            FieldKind::Date {} => DataType::Int64,
            FieldKind::Image(_) => DataType::LargeBinary,
            FieldKind::Vector {} => {
                let item = ArrowField::new("item", DataType::Float32, false);
                DataType::FixedSizeList(item.into(), width as i32)
            }
        }
    }

    /// The values of a batch whose first row is `first_row` of the table.
    pub fn convert(&mut self, column: &ArrayRef, first_row: u64) -> Result<ArrayRef> {
        match self.field.kind {
            FieldKind::Text {} | FieldKind::StaticText {} | FieldKind::Category { .. } => {
                Ok(cast(column, &DataType::LargeUtf8)?)
            }
            FieldKind::Image(_) if is_text(column.data_type()) => Ok(cast(column, &DataType::LargeUtf8)?),
            FieldKind::Image(_) => Ok(cast(column, &DataType::LargeBinary)?),
            FieldKind::Number { .. } => {
                let numbers = self.cast(column, &DataType::Float64, "a number", first_row)?;
                self.without_nan(&numbers, first_row)
            }
            FieldKind::Date {} => {
                let milliseconds = DataType::Timestamp(TimeUnit::Millisecond, None);
                let dates = self.cast(column, &milliseconds, "a date in ISO 8601, like 1998-07-31", first_row)?;
                Ok(cast(&dates, &DataType::Int64)?)
            }
            FieldKind::Vector {} => match &mut self.vectors {
                Some(vectors) => {
                    let batch = RecordBatch::try_from_iter([(&self.field.column, column.clone())])?;
                    let (shape, list) = vectors.convert(&batch, first_row)?;
                    Ok(cast(&list, &Self::kept_type(self.field.kind, shape.len()))?)
                }
                None => unreachable!("a field of vectors has a converter of vectors"),
            },
        }
    }

    /// Casts; a value that does not become one is an error, not a null.
    fn cast(&self, column: &ArrayRef, to: &DataType, expected: &str, first_row: u64) -> Result<ArrayRef> {
        let text = if is_text(column.data_type()) { Some(trimmed(column)?) } else { None };
        let column = text.as_ref().unwrap_or(column);
        let made = cast_with_options(column, to, &CastOptions { safe: true, ..CastOptions::default() })?;
        match (0..made.len()).find(|&row| made.is_null(row) && !column.is_null(row)) {
            None => Ok(made),
            Some(row) => Err(self.wrong(row, column, expected, first_row)),
        }
    }

    /// NaN is no number: a missing value, as in pandas. An infinite number is refused.
    fn without_nan(&self, numbers: &ArrayRef, first_row: u64) -> Result<ArrayRef> {
        let floats = numbers.as_primitive::<Float64Type>();
        if floats.values().iter().all(|number| number.is_finite()) {
            return Ok(numbers.clone());
        }
        if let Some(row) = floats.iter().position(|number| number.is_some_and(f64::is_infinite)) {
            return Err(self.wrong(row, numbers, "a finite number", first_row));
        }
        Ok(Arc::new(floats.iter().map(|number| number.filter(|number| !number.is_nan())).collect::<Float64Array>()))
    }

    fn wrong(&self, row: usize, column: &ArrayRef, expected: &str, first_row: u64) -> DataError {
        let found = array_value_to_string(column, row).unwrap_or_default();
        let hint = "Correct the value, or read the column as `text(..)`.";
        let error = SchemaError::column(&self.table, &self.field.column, expected, found, hint);
        error.at_row(first_row + row as u64).into()
    }
}

fn is_date(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_date(values),
        other => matches!(other, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..)),
    }
}

pub(crate) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Dictionary(_, values) => is_text(values),
        other => matches!(other, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View),
    }
}

/// Texts without blanks around them; a blank text is null.
fn trimmed(column: &ArrayRef) -> Result<ArrayRef> {
    let texts = cast(column, &DataType::LargeUtf8)?;
    let trimmed = texts.as_string::<i64>().iter().map(|text| text.map(str::trim).filter(|text| !text.is_empty()));
    Ok(Arc::new(trimmed.collect::<LargeStringArray>()))
}
