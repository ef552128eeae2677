//! Small run folders for the tests of this module.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, FixedSizeListArray, Float32Array, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use relata_data::sink::ParquetSink;
use relata_schemas::embeddings::embedding_field;
use serde_json::json;

use crate::run::{Plan, Run};

/// A run without tables.
pub fn run(folder: &Path) -> Run {
    Plan::new(json!({}), vec![]).write(&folder.join("run.json")).unwrap();
    Run::open(folder).unwrap()
}

/// Writes a table of the run.
pub fn write(run: &Run, table: &str, batch: &RecordBatch) {
    let mut sink = ParquetSink::create(&run.path(&format!("{table}.parquet")), batch.schema()).unwrap();
    sink.write(batch).unwrap();
    sink.finish().unwrap();
}

/// Writes `embeddings` of these vectors.
pub fn embeddings<const K: usize>(run: &Run, rows: &[(u64, [f32; K])]) {
    write(run, "embeddings", &vectors(rows));
}

/// A batch of embeddings.
pub fn vectors<const K: usize>(rows: &[(u64, [f32; K])]) -> RecordBatch {
    let vector = embedding_field(K);
    let DataType::FixedSizeList(item, width) = vector.data_type().clone() else { unreachable!() };
    let values: ArrayRef = Arc::new(Float32Array::from_iter_values(rows.iter().flat_map(|row| row.1)));
    let vectors = FixedSizeListArray::new(item, width, values, None);
    let ids = UInt64Array::from_iter_values(rows.iter().map(|row| row.0));
    let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::UInt64, false), vector]));
    RecordBatch::try_new(schema, vec![Arc::new(ids), Arc::new(vectors)]).unwrap()
}
