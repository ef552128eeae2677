//! Conformance of views.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, FixedSizeListArray, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::datatypes::{DataType, Field};
use relata_data::feature_store::{FeatureStore, FeatureWriter};
use relata_data::fields::{FittedFields, Record, RecordStore, RecordWriter, choose_fields};
use relata_data::index::Row;
use relata_data::seed;
use relata_data::view::{Augment, View};
use relata_schemas::{Element, FeatureShape};

use crate::check_description;

const ROWS: usize = 5;

/// Checks a view on vectors, images and rows of a table, as far as it takes them: finite numbers, the same numbers for the
/// same seed, and no dependence on what a former view left in the scratch room.
pub fn check_view(view: &dyn Augment) {
    check_description(&|| view.describe());
    let shapes = [
        FeatureShape::vector(12),
        FeatureShape::image(1, 6, 8, Element::F32),
        FeatureShape::image(3, 5, 5, Element::F32),
    ];
    let stores: Vec<FeatureStore> = shapes.iter().map(store).chain([table()]).collect();
    let taken: Vec<&FeatureStore> = stores.iter().filter(|store| view.check(store.shape()).is_ok()).collect();
    let refusal = view.check(&shapes[1]).err();
    assert!(!taken.is_empty(), "check: the view takes neither vectors nor images nor tables: {refusal:?}");
    for store in taken {
        let shape = store.shape();
        for seed in 0..20 {
            let made = apply(view, store, seed, 0.0);
            assert_eq!(made.len(), shape.len(), "apply: the view changes the number of features");
            assert!(made.iter().all(|number| number.is_finite()), "apply: a number is not finite for {shape}");
            assert_eq!(made, apply(view, store, seed, 0.0), "apply: the same seed gives another view");
            assert_eq!(made, apply(view, store, seed, f32::NAN), "apply: the view depends on the scratch room");
        }
    }
}

fn apply(view: &dyn Augment, store: &FeatureStore, seed: u64, left_over: f32) -> Vec<f32> {
    let mut values = vec![0.0; store.shape().len()];
    if let Some(table) = store.table() {
        let (mut record, mut scratch) = (Record::default(), vec![left_over; 9]);
        table.record(Row((seed as usize % ROWS) as u32), &mut record).expect("a row of the table");
        let mut one = View::of_record(&mut record, &mut scratch, store.shape(), store);
        view.apply(&mut one, &mut seed::stream(seed, &[]));
        one.finish();
        assert_eq!(record.values.len(), table.fitted().fields.len(), "apply: the view changes the number of values");
        table.encode(&record, &mut values);
        return values;
    }
    store.read(Row((seed as usize % ROWS) as u32), &mut values).expect("a row of the store");
    let mut scratch = vec![left_over; 9];
    let mut one = View::new(&mut values, &mut scratch, store.shape(), store);
    view.apply(&mut one, &mut seed::stream(seed, &[]));
    one.finish();
    values
}

/// A store of a few rows of numbers in [0, 1].
fn store(shape: &FeatureShape) -> FeatureStore {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("view.arrow");
    let numbers = (0..ROWS * shape.len()).map(|at| 0.5 + 0.5 * (at as f32 * 0.7).sin()).collect::<Vec<_>>();
    let item = Field::new("item", DataType::Float32, false);
    let rows = FixedSizeListArray::new(item.into(), shape.len() as i32, Arc::new(Float32Array::from(numbers)), None);
    let mut writer = FeatureWriter::create(&path, shape.clone()).unwrap();
    writer.append(&(Arc::new(rows) as ArrayRef)).unwrap();
    writer.finish().unwrap();
    // The mapping outlives the name of the file.
    FeatureStore::open(&path).unwrap()
}

/// A table of a few rows: text, numbers, dates, and values that are missing.
fn table() -> FeatureStore {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.arrow");
    let names = StringArray::from(vec![Some("Ann Marie Smith"), None, Some("j"), Some("Müller, Jörg"), Some("")]);
    let streets = StringArray::from(vec!["1 High Street", "2 Low Rd", "3", "Am Weg 4", "5th Avenue"]);
    let years = Int64Array::from(vec![Some(1967), Some(3), None, Some(0), Some(-5)]);
    let incomes = Float64Array::from(vec![Some(1.5), Some(1e12), None, Some(f64::NAN), Some(-2.0)]);
    let born = Date32Array::from(vec![Some(0), None, Some(-30_000), Some(20_000), Some(1)]);
    let columns: [(&str, ArrayRef); 5] = [
        ("name", Arc::new(names)),
        ("street", Arc::new(streets)),
        ("year", Arc::new(years)),
        ("income", Arc::new(incomes)),
        ("born", Arc::new(born)),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let fields = choose_fields("table", &batch.schema(), None, &[]).unwrap().fields;
    let mut writer = RecordWriter::create(&path, "table", &batch.schema(), &fields, Path::new("")).unwrap();
    writer.append(&batch, 0).unwrap();
    writer.finish().unwrap();
    let fitted = FittedFields::fit(&fields, &RecordStore::open(&path, &fields).unwrap(), None).unwrap();
    FeatureStore::open_table(&path, fitted).unwrap()
}
