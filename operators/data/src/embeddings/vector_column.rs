//! Vector (embedding) column of a batch, whichever list type its writer chose, as rows of finite 32-bit floats.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::buffer::ScalarBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float32Type};
use relata_schemas::SchemaError;
use relata_schemas::features::first_not_finite;

use crate::{DataError, Result};

/// The vectors of one record batch.
#[derive(Debug)]
pub struct VectorColumn<'a> {
    table: &'a str,
    column: &'a str,
    first_row: u64,
    lists: ArrayRef,
    values: ArrayRef,
}

impl<'a> VectorColumn<'a> {
    /// Takes a FixedSizeList, List or LargeList of floats; `table`, `column` and `first_row` are for errors.
    pub fn new(table: &'a str, column: &'a str, first_row: u64, lists: ArrayRef) -> Result<Self> {
        let values = match lists.data_type() {
            DataType::FixedSizeList(..) => lists.as_fixed_size_list().values(),
            DataType::List(_) => lists.as_list::<i32>().values(),
            DataType::LargeList(_) => lists.as_list::<i64>().values(),
            other => return Err(wrong_type(table, column, other)),
        };
        if !values.data_type().is_floating() {
            return Err(wrong_type(table, column, lists.data_type()));
        }
        let values = cast(values, &DataType::Float32)?;
        Ok(Self { table, column, first_row, lists, values })
    }

    /// The vector of a row of the batch; an error if it is null, not finite, or not of `width` numbers (if given).
    pub fn row(&self, row: usize, width: Option<usize>) -> Result<&[f32]> {
        let (start, end) = match self.lists.data_type() {
            DataType::FixedSizeList(..) => {
                let list = self.lists.as_fixed_size_list();
                (list.value_offset(row) as usize, list.value_offset(row) as usize + list.value_length() as usize)
            }
            DataType::List(_) => {
                let offsets = self.lists.as_list::<i32>().value_offsets();
                (offsets[row] as usize, offsets[row + 1] as usize)
            }
            _ => {
                let offsets = self.lists.as_list::<i64>().value_offsets();
                (offsets[row] as usize, offsets[row + 1] as usize)
            }
        };
        let vector = &self.values.as_primitive::<Float32Type>().values()[start..end];
        let has_null = self.lists.is_null(row)
            || self.values.null_count() > 0 && self.values.slice(start, end - start).null_count() > 0;
        if has_null {
            return Err(self.bad_row(row, "a vector", "null", "Drop the row."));
        }
        if let Some(at) = first_not_finite(vector) {
            let hint = "Drop the row, or look for the step at which training diverged.";
            return Err(self.bad_row(row, "finite numbers", &vector[at].to_string(), hint));
        }
        if vector.is_empty() || width.is_some_and(|width| width != vector.len()) {
            let expected = width.map_or("at least one number".to_owned(), |width| format!("{width} numbers"));
            return Err(self.bad_row(row, &expected, &vector.len().to_string(), "Write vectors of one length."));
        }
        Ok(vector)
    }

    /// The vectors of all rows, one after the other; an error if one is not of `width` numbers, or no vector at all.
    pub fn rows(&self, width: usize) -> Result<ScalarBuffer<f32>> {
        for row in 0..self.lists.len() {
            self.row(row, Some(width))?;
        }
        let values = self.values.as_primitive::<Float32Type>().values();
        match self.lists.data_type() {
            // Here they lie so already.
            DataType::FixedSizeList(..) => Ok(values.slice(0, self.lists.len() * width)),
            _ => {
                let vectors = (0..self.lists.len()).map(|row| self.row(row, None));
                Ok(vectors.collect::<Result<Vec<_>>>()?.concat().into())
            }
        }
    }

    fn bad_row(&self, row: usize, expected: &str, found: &str, hint: &str) -> DataError {
        SchemaError::column(self.table, self.column, expected, found, hint).at_row(self.first_row + row as u64).into()
    }
}

fn wrong_type(table: &str, column: &str, found: &DataType) -> DataError {
    let expected = "a list of Float32 or Float64";
    SchemaError::column(table, column, expected, found.to_string(), "Cast the vectors to lists of 32-bit floats.")
        .into()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{FixedSizeListArray, Int32Array, ListArray};
    use arrow::datatypes::Float64Type;

    use super::*;

    fn column(lists: ArrayRef) -> Result<VectorColumn<'static>> {
        VectorColumn::new("t.parquet", "v", 100, lists)
    }

    #[test]
    fn every_list_type_gives_the_same_rows() {
        let rows = || [Some([Some(1.0), Some(2.0)]), Some([Some(3.0), Some(4.0)])];
        let doubles = ListArray::from_iter_primitive::<Float64Type, _, _>(rows());
        let floats = FixedSizeListArray::from_iter_primitive::<Float64Type, _, _>(rows(), 2);
        let lists: [ArrayRef; 3] = [Arc::new(doubles), Arc::new(floats.clone()), Arc::new(floats.slice(1, 1))];
        for list in lists {
            let last = list.len() - 1;
            let vectors = column(list).unwrap();
            assert_eq!(vectors.row(last, Some(2)).unwrap(), [3.0, 4.0]);
            assert_eq!(vectors.rows(2).unwrap()[2 * last..], [3.0, 4.0]);
            assert!(vectors.rows(3).is_err());
        }
    }

    #[test]
    fn bad_vectors_name_table_column_and_row() {
        let rows = [Some(vec![Some(f64::NAN)]), None, Some(vec![Some(1.0), Some(2.0)]), Some(vec![None])];
        let lists = column(Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows))).unwrap();
        for (row, found) in [(0, "NaN"), (1, "null"), (2, "2"), (3, "null")] {
            let error = lists.row(row, Some(1)).unwrap_err().to_string();
            let place = format!("table `t.parquet`, column `v`, row {}", 100 + row);
            assert!(error.contains(&place) && error.contains(&format!("found {found}")), "{error}");
        }
        let error = column(Arc::new(Int32Array::from(vec![1]))).err().unwrap();
        assert!(error.to_string().contains("found Int32"), "{error}");
    }
}
