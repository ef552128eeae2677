//! Conformance of views.

use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, Float32Array};
use arrow::datatypes::{DataType, Field};
use relata_data::feature_store::{FeatureStore, FeatureWriter};
use relata_data::index::Row;
use relata_data::seed;
use relata_data::view::{Augment, View};
use relata_schemas::{Element, FeatureShape};

use crate::check_description;

const ROWS: usize = 5;

/// Checks a view on vectors and on images, as far as it takes them: finite numbers, the same numbers for the same
/// seed, and no dependence on what a former view left in the scratch room.
pub fn check_view(view: &dyn Augment) {
    check_description(&|| view.describe());
    let shapes = [
        FeatureShape::vector(12),
        FeatureShape::image(1, 6, 8, Element::F32),
        FeatureShape::image(3, 5, 5, Element::F32),
    ];
    let taken: Vec<&FeatureShape> = shapes.iter().filter(|shape| view.check(shape).is_ok()).collect();
    assert!(!taken.is_empty(), "check: the view takes neither vectors nor images: {:?}", view.check(&shapes[1]).err());
    for shape in taken {
        let store = store(shape);
        for seed in 0..20 {
            let made = apply(view, &store, seed, 0.0);
            assert_eq!(made.len(), shape.len(), "apply: the view changes the number of features");
            assert!(made.iter().all(|number| number.is_finite()), "apply: a number is not finite for {shape}");
            assert_eq!(made, apply(view, &store, seed, 0.0), "apply: the same seed gives another view");
            assert_eq!(made, apply(view, &store, seed, f32::NAN), "apply: the view depends on the scratch room");
        }
    }
}

fn apply(view: &dyn Augment, store: &FeatureStore, seed: u64, left_over: f32) -> Vec<f32> {
    let mut values = vec![0.0; store.shape().len()];
    store.read(Row((seed as usize % ROWS) as u32), &mut values);
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
