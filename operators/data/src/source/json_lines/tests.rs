//! JSON files as other programs write them.

use std::io::Write;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Date32Type, Float64Type, Int64Type, UInt64Type};

use super::super::session::session;
use super::*;
use crate::DataError;

async fn read_bytes(files: &[(&str, &[u8])]) -> Result<RecordBatch> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let path = if files.len() == 1 { folder.path().join(files[0].0) } else { folder.path().to_path_buf() };
    let table = JsonLines { path }.table(&session()).await?;
    let schema = table.schema().inner().clone();
    let batches = table.collect().await.map_err(|error| super::super::read_error("t", error))?;
    Ok(concat_batches(&schema, &batches)?)
}

async fn read(text: &str) -> RecordBatch {
    read_bytes(&[("t.jsonl", text.as_bytes())]).await.unwrap()
}

async fn refused(text: &str) -> String {
    let error = read_bytes(&[("t.json", text.as_bytes())]).await.unwrap_err();
    assert!(matches!(error, DataError::Unreadable { .. }), "{error}");
    error.to_string()
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    batch[column].as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
}

#[tokio::test]
async fn lines_arrays_and_what_is_between_are_rows() {
    for text in [
        "{\"n\": \"a\"}\n{\"n\": \"b\"}\n",
        "[{\"n\": \"a\"}, {\"n\": \"b\"}]",
        "[\n {\n  \"n\": \"a\"\n },\n {\n  \"n\": \"b\"\n }\n]\n",
        "[{\"n\": \"a\"}][{\"n\": \"b\"}]",
        "[{\"n\":\"a\"}]\n[{\"n\":\"b\"}]\n",
        "\u{feff}{\"n\": \"a\"}{\"n\": \"b\"}",
    ] {
        assert_eq!(texts(&read(text).await, "n"), [Some("a".to_owned()), Some("b".to_owned())], "{text}");
    }
    // Larger than any buffer.
    let rows: Vec<String> = (0..60_000).map(|row| format!("{{\"row\": {row}, \"note\": \"number {row}\"}}")).collect();
    let batch = read(&format!("[{}]", rows.join(",\n"))).await;
    let found = batch["row"].as_primitive::<Int64Type>();
    assert!(found.values().iter().copied().eq(0..60_000));
}

#[tokio::test]
async fn types_are_those_of_all_rows_of_all_files() {
    let mut rows: String = (0..30_000).map(|_| "{\"price\": 1}\n").collect();
    rows += "{\"price\": 20500.5, \"late\": \"x\"}\n";
    let batch =
        read_bytes(&[("a.jsonl", rows.as_bytes()), ("b.json", b"[{\"late\": 7, \"price\": 2.75}]")]).await.unwrap();
    let price = batch["price"].as_primitive::<Float64Type>();
    assert_eq!((price.value(30_000), price.value(30_001)), (20500.5, 2.75));
    assert_eq!(texts(&batch, "late")[29_999..], [None, Some("x".to_owned()), Some("7".to_owned())]);

    let batch = read(
        "{\"id\": 1, \"big\": 18446744073709551615, \"both\": -1, \"day\": \"2024-02-29\"}\n\
        {\"id\": \"x2\", \"big\": 3, \"both\": 18446744073709551615, \"day\": null}",
    )
    .await;
    assert_eq!(texts(&batch, "id"), [Some("1".to_owned()), Some("x2".to_owned())]);
    assert_eq!(batch["big"].as_primitive::<UInt64Type>().value(0), u64::MAX);
    assert_eq!(texts(&batch, "both"), [Some("-1".to_owned()), Some(u64::MAX.to_string())]);
    assert_eq!((batch["day"].as_primitive::<Date32Type>().value(0), batch["day"].null_count()), (19_782, 1));
}

#[tokio::test]
async fn lists_and_objects_keep_their_form_and_mixtures_are_text() {
    let batch = read(
        "{\"x\": [1, 2.5], \"o\": {\"a\": 1}, \"m\": [1]}\n{\"x\": [3, 4], \"o\": {\"b\": true}, \"m\": {\"k\": 1}}",
    )
    .await;
    assert!(matches!(batch["x"].data_type(), DataType::List(item) if item.data_type() == &DataType::Float64));
    assert!(matches!(batch["o"].data_type(), DataType::Struct(fields) if fields.len() == 2));
    assert_eq!(texts(&batch, "m"), [Some("[1]".to_owned()), Some("{\"k\":1}".to_owned())]);
}

#[tokio::test]
async fn compressed_files_are_found_and_unpacked() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    gzip.write_all(b"{\"n\": 1}\n").unwrap();
    let zstd = zstd::encode_all(&b"{\"n\": 2}\n"[..], 1).unwrap();
    let batch = read_bytes(&[("a.jsonl.gz", &gzip.finish().unwrap()), ("b.json.zst", &zstd)]).await.unwrap();
    assert_eq!(batch["n"].as_primitive::<Int64Type>().values(), &[1, 2]);
}

#[tokio::test]
async fn other_text_is_refused_where_it_is() {
    assert!(refused("{\"a\": 1}\n{\"a\": 2}\n{\"a\":}\n").await.contains("line 3"));
    assert!(refused("{\"a\": NaN}").await.contains("null stands for"));
    assert!(refused("[[1, 2], [3, 4]]").await.contains("row 0"));
    assert!(refused("{\"a\": 1}\n{\"a\": ").await.contains("copy it again"));
    let wrapped = refused("{\"type\": \"FeatureCollection\", \"features\": [{\"a\": 1}, {\"a\": 2}]}").await;
    assert!(wrapped.contains("`features`") && wrapped.contains("2 objects"), "{wrapped}");
    assert!(refused("\"text\"").await.contains("array of objects"));
}
