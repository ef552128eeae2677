//! Arrow columns of every type in which files hold ids and vectors, with nulls and as slices of larger ones.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryArray, FixedSizeListArray, Float64Array, Int64Array, LargeListArray, ListArray, StringArray,
};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Float64Type};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;
use relata_data::embeddings::{IdColumn, VectorColumn};

use crate::fuzzing::fuzz;

/// Reads a column in every way that there is.
pub fn read(column: &ArrayRef) {
    match IdColumn::new("t", "c", 0, column) {
        Ok(IdColumn::Numbers(ids)) => assert_eq!(ids.len(), column.len()),
        Ok(IdColumn::Text(ids)) => assert_eq!(ids.iter().flatten().count(), column.len()),
        Err(error) => drop(error.to_string()),
    }
    let Ok(vectors) = VectorColumn::new("t", "c", 0, column.clone()) else { return };
    for row in 0..column.len().min(20) {
        let found = vectors.row(row, None).map(<[f32]>::len);
        if let Ok(width) = found {
            assert_eq!(vectors.row(row, Some(width)).unwrap().len(), width);
            if let Ok(all) = vectors.rows(width) {
                assert_eq!(all.len(), width * column.len());
            }
        }
    }
    let _ = vectors.rows(2);
}

fn numbers() -> impl Strategy<Value = Vec<Option<f64>>> {
    let extreme = select(vec![0.0, -1.0, 1e300, f64::NAN, f64::INFINITY, 255.0, 1.8446744073709552e19]);
    vec(weighted(0.9, prop_oneof![4 => -10.0..10.0, 1 => extreme]), 0..9)
}

fn plain() -> impl Strategy<Value = ArrayRef> {
    let types = vec![
        DataType::UInt8,
        DataType::Int8,
        DataType::Int32,
        DataType::UInt64,
        DataType::Float16,
        DataType::Float32,
        DataType::Float64,
        DataType::Boolean,
        DataType::Decimal128(10, 2),
        DataType::Utf8,
        DataType::LargeUtf8,
        DataType::Utf8View,
        DataType::Date32,
        DataType::Dictionary(DataType::Int8.into(), DataType::Utf8.into()),
        DataType::Dictionary(DataType::UInt16.into(), DataType::Int64.into()),
    ];
    let numeric = (numbers(), select(types)).prop_map(|(numbers, data_type)| {
        let column: ArrayRef = Arc::new(Float64Array::from(numbers));
        let texts = || cast(&column, &DataType::Utf8).ok().and_then(|texts| cast(&texts, &data_type).ok());
        cast(&column, &data_type).ok().or_else(texts).unwrap_or(column)
    });
    let integers = vec(weighted(0.9, any::<i64>()), 0..9).prop_map(|v| Arc::new(Int64Array::from(v)) as ArrayRef);
    let texts = vec(weighted(0.9, ".{0,5}"), 0..9).prop_map(|v| Arc::new(StringArray::from(v)) as ArrayRef);
    let bytes = vec(vec(any::<u8>(), 0..5), 0..9).prop_map(|v| Arc::new(BinaryArray::from_iter_values(v)) as ArrayRef);
    prop_oneof![3 => numeric, 1 => integers, 1 => texts, 1 => bytes]
}

fn lists() -> impl Strategy<Value = ArrayRef> {
    let rows = vec(weighted(0.9, prop_oneof![3 => vec(weighted(0.95, -5.0..5.0), 2), 1 => numbers()]), 0..7);
    let items = vec![DataType::Float16, DataType::Float32, DataType::Float64, DataType::UInt8, DataType::Utf8];
    (rows, select(items), 0..3_usize).prop_map(|(rows, item, kind)| {
        let lists: ArrayRef = match kind {
            0 => Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows)),
            1 => Arc::new(LargeListArray::from_iter_primitive::<Float64Type, _, _>(rows)),
            _ => {
                let rows = rows.into_iter().map(|row| row.filter(|row| row.len() == 2));
                Arc::new(FixedSizeListArray::from_iter_primitive::<Float64Type, _, _>(rows, 2))
            }
        };
        let item: Arc<Field> = Field::new("item", item, true).into();
        let wanted = match kind {
            0 => DataType::List(item),
            1 => DataType::LargeList(item),
            _ => DataType::FixedSizeList(item, 2),
        };
        cast(&lists, &wanted).unwrap_or(lists)
    })
}

/// A column, or a part of it: the buffers of a slice are those of the whole.
pub fn column() -> impl Strategy<Value = ArrayRef> {
    (prop_oneof![plain(), lists()], 0..4_usize, 0..4_usize).prop_map(|(column, before, after)| {
        let start = before.min(column.len());
        column.slice(start, (column.len() - start).saturating_sub(after))
    })
}

#[test]
fn every_column_is_read_or_refused() {
    fuzz(column(), |column| read(&column));
}
