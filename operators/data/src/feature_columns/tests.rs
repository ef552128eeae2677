//! Tests of feature columns.

use arrow::array::{Float64Array, Int32Array, LargeListArray, ListArray};
use arrow::datatypes::{Float64Type, Int32Type};

use super::*;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

fn convert(batch: &RecordBatch, asked: &[&str], id: Option<usize>) -> Result<(FeatureShape, Vec<f32>)> {
    let asked: Vec<String> = asked.iter().map(ToString::to_string).collect();
    let (shape, list) = FeatureColumns::choose("t", &batch.schema(), &asked, id)?.convert(batch, 100)?;
    let values = list.as_fixed_size_list().values().clone();
    Ok((shape, cast(&values, &DataType::Float32)?.as_primitive::<Float32Type>().values().to_vec()))
}

fn refused(batch: &RecordBatch, asked: &[&str]) -> SchemaError {
    match convert(batch, asked, None).unwrap_err() {
        crate::DataError::Schema(error) => error,
        other => panic!("{other}"),
    }
}

fn floats(values: Vec<f64>) -> ArrayRef {
    Arc::new(Float64Array::from(values))
}

fn lists(rows: Vec<Vec<f64>>) -> ArrayRef {
    let rows = rows.into_iter().map(|row| Some(row.into_iter().map(Some)));
    Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(rows))
}

#[test]
fn numeric_columns_interleave_in_the_order_asked() {
    let rows = TILE * 2 + 3;
    let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..rows as i32));
    let encoded = cast(&numbers, &DataType::Dictionary(DataType::Int32.into(), DataType::Int32.into())).unwrap();
    let tenths = floats((0..rows).map(|v| v as f64 + 0.5).collect());
    let table = batch(vec![("id", numbers.clone()), ("a", encoded), ("b", tenths), ("label", numbers)]);
    let expected: Vec<f32> = (0..rows).flat_map(|v| [v as f32 + 0.5, v as f32]).collect();
    assert_eq!(convert(&table, &["b", "a"], Some(0)).unwrap(), (FeatureShape::vector(2), expected));
    assert_eq!(convert(&table, &[], Some(0)).unwrap().0, FeatureShape::vector(2));
    assert_eq!(convert(&table, &["a"], None).unwrap().0, FeatureShape::vector(1));
}

#[test]
fn lists_of_one_length_are_vectors() {
    let large =
        LargeListArray::from_iter_primitive::<Int32Type, _, _>([[1, 2], [3, 4], [5, 6]].map(|row| Some(row.map(Some))));
    let table = batch(vec![("x", Arc::new(large.slice(1, 2))), ("n", floats(vec![0.0; 2]))]);
    assert_eq!(convert(&table, &[], None).unwrap(), (FeatureShape::vector(2), vec![3.0, 4.0, 5.0, 6.0]));
    let table = batch(vec![("x", lists(vec![vec![1.0, 2.0], vec![3.0]]))]);
    let error = refused(&table, &[]);
    assert_eq!((error.column.as_str(), error.row, error.found.as_str()), ("x", Some(101), "1"));
}

#[test]
fn tensors_keep_shape_and_bytes() {
    let nullable = Field::new("element", DataType::UInt8, true);
    let bytes = Arc::new(UInt8Array::from_iter_values(0..12));
    let list = FixedSizeListArray::new(nullable.into(), 6, bytes, None);
    let tensor = |metadata: &str| {
        let metadata = [("ARROW:extension:name", "arrow.fixed_shape_tensor"), ("ARROW:extension:metadata", metadata)];
        let metadata = metadata.map(|(k, v)| (k.to_owned(), v.to_owned()));
        let field = Field::new("image", list.data_type().clone(), true).with_metadata(metadata.into());
        RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![Arc::new(list.clone())]).unwrap()
    };
    let (shape, values) = convert(&tensor(r#"{"shape":[2,3],"permutation":[0,1]}"#), &[], None).unwrap();
    assert_eq!(shape, FeatureShape::image(1, 2, 3, Element::U8));
    assert_eq!(values[11], 11.0);
    for bad in [r#"{"shape":[2,2]}"#, r#"{"shape":[2,3],"permutation":[1,0]}"#, "", "{}"] {
        assert_eq!(refused(&tensor(bad), &[]).column, "image", "{bad}");
    }
}

#[test]
fn nulls_and_numbers_that_are_not_finite_name_their_row() {
    let null: ArrayRef = Arc::new(Float64Array::from(vec![Some(1.0), None]));
    for (column, found) in [(null, "null"), (floats(vec![0.0, f64::NAN]), "NaN"), (floats(vec![0.0, 1e300]), "inf")] {
        let error = refused(&batch(vec![("ok", floats(vec![0.0; 2])), ("x", column)]), &["ok", "x"]);
        assert_eq!((error.column.as_str(), error.row, error.found.as_str()), ("x", Some(101), found));
    }
    let inner = ListArray::from_iter_primitive::<Float64Type, _, _>([
        Some(vec![Some(1.0), Some(2.0)]),
        Some(vec![Some(1.0), None]),
    ]);
    assert_eq!(refused(&batch(vec![("x", Arc::new(inner))]), &[]).row, Some(101));
    let whole = ListArray::from_iter_primitive::<Float64Type, _, _>([Some(vec![Some(1.0)]), None]);
    assert_eq!(refused(&batch(vec![("x", Arc::new(whole))]), &[]).row, Some(101));
    let infinite = lists(vec![vec![1.0, 2.0], vec![f64::INFINITY, 2.0]]);
    assert_eq!(refused(&batch(vec![("x", infinite)]), &[]).found, "inf");
}

#[test]
fn what_cannot_be_chosen_is_explained() {
    let text: ArrayRef = Arc::new(arrow::array::StringArray::from(vec!["a"]));
    let two = batch(vec![("x", lists(vec![vec![1.0]])), ("y", lists(vec![vec![1.0]])), ("t", text.clone())]);
    assert!(refused(&two, &[]).found.contains("x, y"));
    assert!(refused(&two, &["z"]).found.contains("x, y, t"));
    assert_eq!(refused(&two, &["t"]).found, "Utf8");
    assert_eq!(refused(&two, &["x", "y"]).column, "x");
    assert!(refused(&batch(vec![("t", text)]), &[]).found.contains('t'));
}

#[test]
fn numbers_of_other_types_are_floats() {
    let bytes: ArrayRef = Arc::new(arrow::array::Int8Array::from(vec![-3, 7]));
    for to in [DataType::Float16, DataType::Decimal128(5, 2), DataType::Int8, DataType::Decimal256(40, 1)] {
        let numbers = cast(&bytes, &to).unwrap();
        assert_eq!(convert(&batch(vec![("n", numbers.clone())]), &["n"], None).unwrap().1, [-3.0, 7.0], "{to}");
        let item = Field::new("item", to.clone(), true);
        let list: ArrayRef = Arc::new(FixedSizeListArray::new(item.into(), 2, numbers, None));
        assert_eq!(convert(&batch(vec![("x", list)]), &[], None).unwrap().1, [-3.0, 7.0], "{to}");
    }
}

#[test]
fn nested_lists_are_images() {
    let item = Field::new("item", DataType::Float64, true);
    let lines: ArrayRef =
        Arc::new(FixedSizeListArray::new(item.into(), 3, floats((0..24).map(f64::from).collect()), None));
    let nested = |of: &ArrayRef, len: i32| -> ArrayRef {
        let item = Field::new("item", of.data_type().clone(), true);
        Arc::new(FixedSizeListArray::new(item.into(), len, of.clone(), None))
    };
    let matrices = nested(&lines, 2);
    let numbers: Vec<f32> = (0..24_u8).map(f32::from).collect();
    let image = |channels, height| FeatureShape::image(channels, height, 3, Element::F32);
    let table = batch(vec![("x", matrices.clone())]);
    assert_eq!(convert(&table, &[], None).unwrap(), (image(1, 2), numbers.clone()));
    let mut columns = FeatureColumns::choose("t", &table.schema(), &[], None).unwrap();
    // Every batch has the same shape.
    assert!((0..2).all(|_| columns.convert(&table, 0).unwrap().0 == image(1, 2)));
    assert_eq!(convert(&batch(vec![("x", nested(&matrices, 2))]), &[], None).unwrap(), (image(2, 2), numbers));
    let deep = nested(&nested(&matrices, 2), 1);
    assert!(refused(&batch(vec![("x", deep)]), &[]).expected.contains("at most 3 deep"));
}

#[test]
fn flat_numbers_are_images_of_the_shape_asked_for() {
    let whole: ArrayRef = Arc::new(Int32Array::from(vec![0, 255, 7, 9]));
    let table = batch(vec![("a", whole.clone()), ("b", whole)]);
    let images = |dims| FeatureColumns::choose("t", &table.schema(), &[], None)?.into_images(&table.schema(), dims);
    let (shape, pixels) = images([1, 2, 1]).unwrap().convert(&table, 0).unwrap();
    assert_eq!(shape, FeatureShape::image(1, 2, 1, Element::U8));
    let bytes = pixels.as_fixed_size_list().values().as_primitive::<arrow::datatypes::UInt8Type>().values().to_vec();
    assert_eq!(bytes, [0, 0, 255, 255, 7, 7, 9, 9]);
    let error = images([1, 3, 3]).unwrap().convert(&table, 0).unwrap_err().to_string();
    assert!(error.contains("1 x 3 x 3 numbers") && error.contains("found 2"), "{error}");
    assert!(images([0, 2, 1]).is_err());
    // Floats are taken as they are, and numbers that are no bytes are refused.
    let table = batch(vec![("x", lists(vec![vec![0.5, 300.0]]))]);
    let columns = FeatureColumns::choose("t", &table.schema(), &[], None).unwrap();
    let (shape, _) = columns.into_images(&table.schema(), [1, 1, 2]).unwrap().convert(&table, 0).unwrap();
    assert_eq!(shape.element, Element::F32);
    let table = batch(vec![("n", Arc::new(Int32Array::from(vec![3, 256])) as ArrayRef)]);
    let columns = FeatureColumns::choose("t", &table.schema(), &[], None).unwrap();
    let error = columns.into_images(&table.schema(), [1, 1, 1]).unwrap().convert(&table, 10).unwrap_err().to_string();
    assert!(error.contains("row 11") && error.contains("256"), "{error}");
}
