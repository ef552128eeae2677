//! Datasets and files that the tests read and write.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, RecordBatch, UInt64Array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Float32Type};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use relata::Run;
use relata::prelude::*;

/// The digits that come with the examples.
pub fn digits() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/digits.parquet")
}

/// A fit that takes a fraction of a second on the digits.
pub fn short_fit() -> Fit {
    Fit::epochs(1).batch(256).seed(5).device(DeviceChoice::Cpu)
}

/// Writes a CSV file (or another text) and gives its path.
pub fn text_file(folder: &Path, name: &str, content: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, content).unwrap();
    path
}

/// `rows` samples with the ids 0, 1, ..: two features on a circle, the label (row modulo `classes`) and a note.
pub fn circle(rows: usize, classes: usize) -> String {
    let line = |row: usize| {
        let (y, x) = (row as f64).sin_cos();
        format!("{row},{x},{y},{}\n", row % classes)
    };
    format!("id,x,y,label\n{}", (0..rows).map(line).collect::<String>())
}

/// Writes one batch of these columns.
pub fn write_parquet(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer = ArrowWriter::try_new(std::fs::File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

/// Rows of `width` numbers as a FixedSizeList.
pub fn vectors(values: Vec<f32>, width: usize) -> ArrayRef {
    let item = Field::new("item", DataType::Float32, false);
    let values = Arc::new(Float32Array::from(values));
    Arc::new(FixedSizeListArray::try_new(item.into(), width as i32, values, None).unwrap())
}

/// The ids 0, 1, .. as a column.
pub fn ids(rows: usize) -> ArrayRef {
    Arc::new(UInt64Array::from_iter_values(0..rows as u64))
}

/// A whole Parquet file.
pub fn read_parquet(path: &Path) -> RecordBatch {
    let file = std::fs::File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = builder.schema().clone();
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(|batch| batch.unwrap()).collect();
    concat_batches(&schema, &batches).unwrap()
}

/// The bits of all embeddings of a run, in the order of its rows.
pub fn embedding_bits(folder: &Path) -> Vec<u32> {
    embedding_bits_of(&folder.join("embeddings.parquet"))
}

/// The same of a file of embeddings.
pub fn embedding_bits_of(path: &Path) -> Vec<u32> {
    let batch = read_parquet(path);
    let list = batch["embedding"].as_fixed_size_list();
    list.values().as_primitive::<Float32Type>().values().iter().map(|v| v.to_bits()).collect()
}

/// The answer to a query as lines of tab-separated text, a null as `null`.
pub async fn answer(run: &Run, query: &str) -> Vec<String> {
    let rows = run.sql(query).await.unwrap().collect().await.unwrap();
    let text = |column: &ArrayRef, row: usize| match column.is_null(row) {
        true => "null".to_owned(),
        false => arrow::util::display::array_value_to_string(column, row).unwrap(),
    };
    let line = |batch: &RecordBatch, row| {
        batch.columns().iter().map(|column| text(column, row)).collect::<Vec<_>>().join("\t")
    };
    rows.iter().flat_map(|batch| (0..batch.num_rows()).map(move |row| line(batch, row))).collect()
}

/// The only number of the answer to a query.
pub async fn number(run: &Run, query: &str) -> f64 {
    let rows = answer(run, query).await;
    assert_eq!(rows.len(), 1, "{query} gave {rows:?}");
    rows[0].parse().unwrap()
}
