//! Parquet files that are damaged, and whole ones of columns of every type.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, FixedSizeListArray, Float32Array, Int64Array, ListArray, RecordBatch, StringArray,
};
use arrow::datatypes::{DataType, Field, Float64Type};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{WriterProperties, WriterVersion};
use proptest::collection::vec;
use relata_data::source::{IdLookup, Samples, ingest, parquet, session};
use relata_data::{ParquetFile, Session};
use relata_schemas::{Element, FeatureShape};

use crate::columns::{self, column};
use crate::fuzzing::damage::damaged;
use crate::fuzzing::{fuzz, fuzz_within};

fn write(batch: &RecordBatch, properties: WriterProperties) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
    bytes
}

fn files() -> Vec<Vec<u8>> {
    let rows = 6;
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows));
    let texts: ArrayRef = Arc::new(StringArray::from_iter_values((0..rows).map(|row| format!("sample {row}"))));
    let shape = FeatureShape::image(1, 2, 3, Element::F32);
    let numbers = Arc::new(Float32Array::from_iter_values((0..6 * rows).map(|v| v as f32)));
    let item = Field::new("item", DataType::Float32, false);
    let images: ArrayRef = Arc::new(FixedSizeListArray::new(item.into(), 6, numbers, None));
    let vectors = (0..rows).map(|row| Some([Some(row as f64), None.or(Some(0.5))]));
    let vectors: ArrayRef = Arc::new(ListArray::from_iter_primitive::<Float64Type, _, _>(vectors));
    let images = {
        let schema =
            arrow::datatypes::Schema::new(vec![Field::new("id", DataType::Int64, false), shape.field("image")]);
        RecordBatch::try_new(schema.into(), vec![ids.clone(), images]).unwrap()
    };
    let vectors = RecordBatch::try_from_iter([("id", texts), ("embedding", vectors), ("label", ids)]).unwrap();
    let plain = || WriterProperties::builder();
    let mut files = Vec::new();
    for batch in [&images, &vectors] {
        files.push(write(batch, plain().build()));
        files.push(write(batch, plain().set_compression(Compression::SNAPPY).build()));
        files.push(write(batch, plain().set_compression(Compression::ZSTD(ZstdLevel::default())).build()));
    }
    // Not of texts: parquet's decoder of DELTA_BYTE_ARRAY allocates whatever length a damaged page names, and aborts.
    let second = plain().set_dictionary_enabled(false).set_writer_version(WriterVersion::PARQUET_2_0).build();
    files.push(write(&images, second));
    files
}

/// Reads a file by its own reader, as a dataset, and what became of it.
fn read(path: &Path, run: &Path, session: &Session, runtime: &tokio::runtime::Runtime) {
    if let Ok(batches) = ParquetFile::open(path).and_then(ParquetFile::whole) {
        batches.iter().flat_map(RecordBatch::columns).for_each(columns::read);
    }
    let samples = runtime.block_on(ingest(&parquet(path), session, run, &mut |_| {}));
    let Ok(samples) = samples else { return };
    let again = Samples::open(run).unwrap();
    assert_eq!((again.features.rows(), again.columns), (samples.features.rows(), samples.columns.clone()));
    IdLookup::new(&samples).unwrap();
}

#[test]
fn a_damaged_file_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let session = session();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    // parquet's decoders reserve memory for as many values as a damaged page says it has.
    fuzz_within(usize::MAX, damaged(files()), |bytes| {
        std::fs::write(&path, bytes).unwrap();
        read(&path, &folder.path().join("run"), &session, &runtime);
    });
}

#[test]
fn every_column_of_a_file_is_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let session = session();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    fuzz(vec(column(), 1..4), |columns| {
        let rows = columns.iter().map(|column| column.len()).min().unwrap_or_default();
        let names = ["id", "x", "label", "y"];
        let columns = names.iter().zip(&columns).map(|(name, column)| (*name, column.slice(0, rows)));
        let Ok(batch) = RecordBatch::try_from_iter(columns) else { return };
        std::fs::write(&path, write(&batch, WriterProperties::default())).unwrap();
        read(&path, &folder.path().join("run"), &session, &runtime);
    });
}
