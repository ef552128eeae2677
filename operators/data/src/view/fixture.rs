//! Test fixture: small feature stores, and a view applied outside of a batch, for the tests of this folder.

use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, Float32Array};
use arrow::datatypes::{DataType, Field};
use relata_schemas::FeatureShape;

use super::augment::{Augment, View};
use crate::feature_store::{FeatureStore, FeatureWriter};
use crate::seed;

/// A store of these rows, one after the other in `values`.
pub(crate) fn store(shape: &FeatureShape, values: &[f32]) -> FeatureStore {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("features.arrow");
    let item = Field::new("item", DataType::Float32, false);
    let numbers = Arc::new(Float32Array::from(values.to_vec()));
    let rows: ArrayRef = Arc::new(FixedSizeListArray::new(item.into(), shape.len() as i32, numbers, None));
    let mut writer = FeatureWriter::create(&path, shape.clone()).unwrap();
    writer.append(&rows).unwrap();
    writer.finish().unwrap();
    FeatureStore::open(&path).unwrap()
}

/// One view of `values`, which are also the only row of the dataset.
pub(crate) fn apply(augment: &dyn Augment, shape: &FeatureShape, values: &[f32], seed: u64) -> Vec<f32> {
    apply_in(&store(shape, values), augment, values, seed)
}

/// One view of `values` with a given dataset.
pub(crate) fn apply_in(store: &FeatureStore, augment: &dyn Augment, values: &[f32], seed: u64) -> Vec<f32> {
    let mut out = values.to_vec();
    // Arbitrary content, as a previous step would leave it.
    let mut scratch = vec![f32::NAN; 7];
    let mut view = View::new(&mut out, &mut scratch, store.shape(), store);
    augment.apply(&mut view, &mut seed::stream(seed, &[]));
    view.finish();
    out
}
