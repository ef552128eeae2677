//! Feature stores that are damaged.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, FixedSizeListArray, Float32Array, RecordBatch, UInt8Array};
use arrow::datatypes::{DataType, Field};
use arrow::ipc::writer::FileWriter;
use relata_data::feature_store::{FeatureStore, FeatureWriter};
use relata_data::index::Row;
use relata_data::sample_batch::SampleContent;
use relata_schemas::{Element, FeatureShape};

use crate::fuzzing::damage::damaged;
use crate::fuzzing::fuzz;

/// The bytes of a store of so many rows.
fn store(path: &Path, shape: FeatureShape, rows: usize) -> Vec<u8> {
    let numbers = rows * shape.len();
    let values: ArrayRef = match shape.element {
        Element::F32 => Arc::new(Float32Array::from_iter_values((0..numbers).map(|v| v as f32))),
        Element::U8 => Arc::new(UInt8Array::from_iter_values((0..numbers).map(|v| v as u8))),
    };
    let item = Field::new("item", values.data_type().clone(), false);
    let list = FixedSizeListArray::new(item.into(), shape.len() as i32, values, None);
    let mut writer = FeatureWriter::create(path, shape).unwrap();
    writer.append(&(Arc::new(list) as ArrayRef)).unwrap();
    writer.finish().unwrap();
    std::fs::read(path).unwrap()
}

/// A file that arrow wrote, of columns that no store has.
fn other(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = FileWriter::try_new(&mut bytes, &batch.schema()).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    drop(writer);
    bytes
}

/// Whatever the store says that it has can be read.
fn read(path: &Path) {
    let Ok(store) = FeatureStore::open(path) else { return };
    let (rows, width) = (store.rows(), store.shape().len());
    for row in [0, 1, rows / 2, 1023, 1024, rows.saturating_sub(1)].into_iter().filter(|&row| row < rows) {
        let mut out = vec![0.0; width];
        let row = Row(row as u32);
        store.read(row, &mut out).unwrap();
        assert_eq!(store.value(row, width - 1).unwrap().to_bits(), out[width - 1].to_bits());
    }
    let blocks: Result<Vec<_>, _> = store.scan(SampleContent::Numbers).unwrap().collect();
    assert_eq!(blocks.unwrap().iter().map(|block| block.values.len()).sum::<usize>(), rows * width);
}

#[test]
fn a_damaged_store_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("features.arrow");
    let numbers: ArrayRef = Arc::new(UInt8Array::from(vec![1, 2, 3]));
    let item = Field::new("item", DataType::UInt8, true);
    let list: ArrayRef = Arc::new(FixedSizeListArray::new(item.into(), 3, numbers.clone(), None));
    let one: ArrayRef = numbers.slice(0, 1);
    let files = vec![
        store(&path, FeatureShape::vector(3), 5),
        store(&path, FeatureShape::image(2, 3, 4, Element::U8), 7),
        store(&path, FeatureShape::image(1, 1, 1, Element::U8), 2100),
        store(&path, FeatureShape::vector(1), 1025),
        other(vec![("features", list), ("more", one)]),
        other(vec![("features", numbers)]),
    ];
    // Where there is no checksum, which would find it first.
    let elsewhere = tempfile::tempdir().unwrap();
    let path = elsewhere.path().join("features.arrow");
    fuzz(damaged(files), |bytes| {
        std::fs::write(&path, bytes).unwrap();
        read(&path);
    });
}
