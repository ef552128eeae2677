//! Id column of a batch: integers of any type, or text.

use arrow::array::{Array, ArrayRef, AsArray, StringArray, UInt64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use arrow::util::display::array_value_to_string;
use relata_schemas::SchemaError;

use crate::Result;

/// The ids of one record batch, none of which is missing.
#[derive(Debug, Clone)]
pub enum IdColumn {
    /// Integers from 0.
    Numbers(UInt64Array),
    /// Text, which stands for itself: `007` is another id than `7`.
    Text(StringArray),
}

impl IdColumn {
    /// Whether a column of this type holds text.
    pub fn is_text(data_type: &DataType) -> bool {
        matches!(plain(data_type), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
    }

    /// Takes a column of integers or of text; `table`, `name` and `first_row` are for errors.
    pub fn new(table: &str, name: &str, first_row: u64, column: &ArrayRef) -> Result<Self> {
        let wrong = |found: String| {
            let hint = "Number the rows, or give them names.";
            SchemaError::column(table, name, "integers from 0, or text", found, hint)
        };
        let text = Self::is_text(column.data_type());
        if !text && !plain(column.data_type()).is_integer() {
            return Err(wrong(column.data_type().to_string()).into());
        }
        let ids = cast(column, if text { &DataType::Utf8 } else { &DataType::UInt64 })?;
        if let Some(row) = (0..ids.len()).find(|&row| ids.is_null(row)) {
            let found = if column.is_null(row) { "null".to_owned() } else { array_value_to_string(column, row)? };
            return Err(wrong(found).at_row(first_row + row as u64).into());
        }
        Ok(match text {
            true => Self::Text(ids.as_string::<i32>().clone()),
            false => Self::Numbers(ids.as_primitive::<UInt64Type>().clone()),
        })
    }
}

fn plain(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => values,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float64Array, Int32Array, Int64Array, LargeStringArray};

    use super::*;

    fn read(column: ArrayRef) -> Result<IdColumn> {
        IdColumn::new("t.parquet", "id", 100, &column)
    }

    #[test]
    fn every_integer_and_every_text_is_an_id() {
        let numbers: [ArrayRef; 2] = [Arc::new(Int64Array::from(vec![7, 3])), Arc::new(Int32Array::from(vec![7, 3]))];
        for column in numbers {
            let Ok(IdColumn::Numbers(ids)) = read(column) else { panic!() };
            assert_eq!(ids.values(), &[7, 3]);
        }
        let plain: ArrayRef = Arc::new(LargeStringArray::from(vec!["007", "7"]));
        let encoded = DataType::Dictionary(DataType::Int8.into(), DataType::Utf8.into());
        let encoded = cast(&cast(&plain, &DataType::Utf8).unwrap(), &encoded).unwrap();
        for column in [plain, encoded] {
            let Ok(IdColumn::Text(ids)) = read(column) else { panic!() };
            assert_eq!((ids.value(0), ids.value(1)), ("007", "7"));
        }
    }

    #[test]
    fn what_is_no_id_is_named_by_table_column_and_row() {
        let columns: [(ArrayRef, &str); 3] = [
            (Arc::new(Int64Array::from(vec![Some(1), None])), "row 101: expected integers from 0, or text, found null"),
            (Arc::new(Int64Array::from(vec![1, -4])), "row 101: expected integers from 0, or text, found -4"),
            (Arc::new(Float64Array::from(vec![1.0])), "column `id`: expected integers from 0, or text, found Float64"),
        ];
        for (column, expected) in columns {
            let error = read(column).unwrap_err().to_string();
            assert!(error.contains("t.parquet") && error.contains(expected), "{error}");
        }
    }
}
