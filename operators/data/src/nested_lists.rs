//! Nested lists of numbers: lists of lists of one shape, as JSON and Parquet have matrices and images, laid out flat.

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, GenericListArray, OffsetSizeTrait};
use arrow::datatypes::{DataType, Field};

/// The type of the numbers in lists, and how deep they lie; none if there are no numbers in it.
pub(crate) fn leaf(data_type: &DataType) -> Option<(&DataType, usize)> {
    match data_type {
        DataType::FixedSizeList(item, 1..) | DataType::List(item) | DataType::LargeList(item) => {
            let inner = item.data_type();
            if inner.is_numeric() { Some((inner, 1)) } else { leaf(inner).map(|(of, depth)| (of, depth + 1)) }
        }
        _ => None,
    }
}

/// Where nested lists are not all of one shape: the row, and what is wrong there.
#[derive(Debug, PartialEq)]
pub(crate) struct Uneven {
    pub row: usize,
    pub expected: String,
    pub found: String,
}

/// Lists of lists (and so on) as flat lists of one length, and their dimensions: those of the first row, unless they are
/// known.
pub(crate) fn flatten(column: &ArrayRef, known: Option<&[usize]>) -> Result<(ArrayRef, Vec<usize>), Uneven> {
    let rows = column.len();
    let (mut values, mut dims, mut lists_of_row) = (column.clone(), Vec::new(), 1);
    while leaf(values.data_type()).is_some() {
        let known = known.and_then(|dims_known| dims_known.get(dims.len())).copied();
        let uneven = |list: usize, expected: usize, found: String| Uneven {
            row: list / lists_of_row,
            expected: format!("lists of {expected}, as in the first row (at depth {})", dims.len() + 1),
            found,
        };
        if values.null_count() > 0 {
            let list = (0..values.len()).find(|&list| values.is_null(list)).unwrap_or_default();
            return Err(uneven(list, known.unwrap_or(1), "null".to_owned()));
        }
        let (inner, len) = match values.data_type() {
            DataType::FixedSizeList(_, len) => (values.as_fixed_size_list().values().clone(), Ok(*len as usize)),
            DataType::LargeList(_) => one_length(values.as_list::<i64>(), known),
            _ => one_length(values.as_list::<i32>(), known),
        };
        let len = len.map_err(|(list, expected, found)| uneven(list, expected, found.to_string()))?;
        if known.is_some_and(|known| known != len) {
            return Err(uneven(0, known.unwrap_or_default(), len.to_string()));
        }
        lists_of_row *= len;
        dims.push(len);
        values = inner;
    }
    let item = Field::new("item", values.data_type().clone(), true);
    // Every list was compared with its length, so there are as many numbers.
    let flat = FixedSizeListArray::try_new(item.into(), lists_of_row as i32, values, None);
    let broken = |error: arrow::error::ArrowError| Uneven {
        row: 0,
        expected: "lists that are within the limits of Arrow".to_owned(),
        found: format!("{rows} rows: {error}"),
    };
    Ok((std::sync::Arc::new(flat.map_err(broken)?), dims))
}

/// The values of lists, and their length if they have one; else the first list with another length, the length that is
/// expected, and the one that is found.
fn one_length<O: OffsetSizeTrait>(
    lists: &GenericListArray<O>,
    known: Option<usize>,
) -> (ArrayRef, Result<usize, (usize, usize, usize)>) {
    let offsets = lists.value_offsets();
    let length = |list: usize| (offsets[list + 1] - offsets[list]).as_usize();
    let expected = known.unwrap_or_else(|| if lists.is_empty() { 1 } else { length(0) }).max(1);
    let start = offsets[0].as_usize();
    let values = lists.values().slice(start, offsets[lists.len()].as_usize() - start);
    match (0..lists.len()).find(|&list| length(list) != expected) {
        None => (values, Ok(expected)),
        Some(list) => (values, Err((list, expected, length(list)))),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float32Builder, ListBuilder};

    use super::*;

    fn matrices(rows: &[&[&[f32]]]) -> ArrayRef {
        let mut builder = ListBuilder::new(ListBuilder::new(Float32Builder::new()));
        for row in rows {
            for line in *row {
                line.iter().for_each(|&value| builder.values().values().append_value(value));
                builder.values().append(true);
            }
            builder.append(true);
        }
        Arc::new(builder.finish())
    }

    #[test]
    fn matrices_are_laid_out_line_by_line() {
        let column = matrices(&[&[&[1.0, 2.0, 3.0], &[4.0, 5.0, 6.0]], &[&[7.0, 8.0, 9.0], &[1.0, 1.0, 1.0]]]);
        assert_eq!(leaf(column.data_type()), Some((&DataType::Float32, 2)));
        let (flat, dims) = flatten(&column.slice(1, 1), None).unwrap();
        assert_eq!(dims, [2, 3]);
        let values = flat.as_fixed_size_list().values().clone();
        assert_eq!(values.as_primitive::<arrow::datatypes::Float32Type>().values(), &[7.0, 8.0, 9.0, 1.0, 1.0, 1.0]);
    }

    #[test]
    fn other_shapes_are_found_with_their_row() {
        let column = matrices(&[&[&[1.0], &[4.0]], &[&[7.0], &[8.0, 9.0]]]);
        let uneven = flatten(&column, None).unwrap_err();
        assert_eq!((uneven.row, uneven.found.as_str()), (1, "2"));
        let uneven = flatten(&column.slice(0, 1), Some(&[2, 2])).unwrap_err();
        assert!((uneven.row, uneven.found.as_str()) == (0, "1") && uneven.expected.contains("lists of 2"));
        assert_eq!(leaf(&DataType::Utf8), None);
    }
}
