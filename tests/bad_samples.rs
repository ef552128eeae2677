//! Datasets that a user might hand over by mistake: each is refused with file, column, row, expected and found.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::ListArray;
use arrow::datatypes::Float32Type;
use relata::prelude::*;

use crate::data;

/// The message with which a pipeline over this dataset is refused; nothing but the plan is left in the run's folder.
async fn refusal(folder: &Path, dataset: impl Into<Dataset>) -> String {
    let run = folder.join("run");
    let related = Pipeline::read(dataset).views(2, noise(0.1)).relate(same_sample());
    let result = related.train(mlp([4]), vicreg(), data::short_fit()).write(&run).run_async().await;
    let files = std::fs::read_dir(&run).map(|files| files.map(|f| f.unwrap().file_name()).collect::<Vec<_>>());
    let files = files.unwrap_or_default();
    let of_plan = ["run.json", "run.lock", "checksums"];
    assert!(files.iter().all(|name| of_plan.iter().any(|known| name == known)), "{files:?}");
    result.err().unwrap().to_string()
}

#[track_caller]
fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "no `{part}` in: {message}");
    }
}

/// A file of vectors of 2 numbers with the ids 0, 1, ...
fn vector_file(folder: &Path, values: Vec<f32>) -> PathBuf {
    let path = folder.join("vectors.parquet");
    data::write_parquet(&path, vec![("id", data::ids(values.len() / 2)), ("v", data::vectors(values, 2))]);
    path
}

#[tokio::test]
async fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["none.parquet", "none.csv", "none/*.parquet"] {
        let path = folder.path().join(name);
        let dataset: Dataset = if name.ends_with("csv") { csv(&path) } else { parquet(&path) };
        says(&refusal(folder.path(), dataset).await, &[&path.display().to_string()]);
    }
    let path = folder.path().join("none.parquet");
    says(&refusal(folder.path(), parquet(&path)).await, &["does not exist"]);
}

#[tokio::test]
async fn a_truncated_parquet_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("half.parquet");
    let whole = std::fs::read(data::digits()).unwrap();
    for length in [0, 3, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).unwrap();
        says(
            &refusal(folder.path(), parquet(&path)).await,
            &["half.parquet", "could not be read", "expected", "found"],
        );
        std::fs::remove_dir_all(folder.path().join("run")).ok();
    }
}

#[tokio::test]
async fn damaged_pages_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.parquet");
    let mut bytes = std::fs::read(data::digits()).unwrap();
    bytes[8..20_000].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    says(&refusal(folder.path(), parquet(&path)).await, &["damaged.parquet", "could not be read"]);
}

#[tokio::test]
async fn a_wrong_column_is_answered_with_those_there_are() {
    let folder = tempfile::tempdir().unwrap();
    let message = refusal(folder.path(), parquet(data::digits()).features("imge")).await;
    says(&message, &["digits.parquet", "column `imge`", "image", "label", "split"]);
    let other = tempfile::tempdir().unwrap();
    let message = refusal(other.path(), parquet(data::digits()).features("split")).await;
    says(&message, &["digits.parquet", "column `split`", "expected a tensor", "found Utf8"]);
}

#[tokio::test]
async fn numbers_that_are_not_finite_are_named_by_row() {
    for (value, found) in [(f32::NAN, "NaN"), (f32::INFINITY, "inf"), (f32::NEG_INFINITY, "-inf")] {
        let folder = tempfile::tempdir().unwrap();
        let mut values = vec![0.5; 40_000];
        values[2 * 12_345 + 1] = value;
        let path = vector_file(folder.path(), values);
        let message = refusal(folder.path(), parquet(&path)).await;
        says(&message, &["vectors.parquet", "column `v`", "row 12345", "a finite", &format!("found {found}")]);
    }
    let folder = tempfile::tempdir().unwrap();
    let path = data::text_file(folder.path(), "t.csv", "id,x\n0,1.5\n1,2\n2,\n");
    let message = refusal(folder.path(), csv(&path).features("x")).await;
    says(&message, &["t.csv", "column `x`", "row 2", "a number", "found null"]);
    let folder = tempfile::tempdir().unwrap();
    let path = data::text_file(folder.path(), "i.csv", "id,x\n0,1.5\n1,inf\n");
    let dataset = csv(&path).fields([number("x")]);
    says(&refusal(folder.path(), dataset).await, &["i.csv", "column `x`", "row 1", "a finite number", "found inf"]);
}

#[tokio::test]
async fn vectors_of_several_lengths_are_named_by_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ragged.parquet");
    let row = |row: usize| Some(vec![Some(1.0f32); if row == 7 { 2 } else { 3 }]);
    let lists = ListArray::from_iter_primitive::<Float32Type, _, _>((0..10).map(row));
    data::write_parquet(&path, vec![("v", Arc::new(lists))]);
    let message = refusal(folder.path(), parquet(&path)).await;
    says(&message, &["ragged.parquet", "column `v`", "row 7", "expected 3 numbers", "found 2"]);
}

#[tokio::test]
async fn ids_that_come_twice_are_named_with_both_rows() {
    let folder = tempfile::tempdir().unwrap();
    let path = data::text_file(folder.path(), "t.csv", "key,x\n3,1\n4,2\n3,5\n");
    let message = refusal(folder.path(), csv(&path).id("key")).await;
    says(&message, &["t.csv", "column `key`", "id 3", "rows 0 and 2", ".id(..)"]);
    let other = tempfile::tempdir().unwrap();
    let path = data::text_file(other.path(), "t.csv", "id,x\nann,1\nbob,2\ncid,5\nbob,6\n");
    says(&refusal(other.path(), csv(&path)).await, &["t.csv", "`bob`", "rows 1 and 3"]);
}

#[tokio::test]
async fn a_dataset_without_rows_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = data::text_file(folder.path(), "t.csv", "id,x\n");
    says(&refusal(folder.path(), csv(&path)).await, &["t.csv", "no rows"]);
    let other = tempfile::tempdir().unwrap();
    let path = vector_file(other.path(), vec![]);
    says(&refusal(other.path(), parquet(&path)).await, &["vectors.parquet", "no rows"]);
}
