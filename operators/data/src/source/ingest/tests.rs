//! Tests of ingestion.

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;

use crate::index::{Row, SampleId};
use crate::source::{IdLookup, csv, image_folder, json_lines, parquet, session, sql, tsv};

use super::*;

async fn read(dataset: impl Into<Dataset>, folder: &Path) -> Result<Samples> {
    ingest(&dataset.into(), &session(), folder, &mut |_| {}).await
}

fn row(samples: &Samples, row: u32) -> Vec<f32> {
    let mut out = vec![0.0; samples.features.shape().len()];
    samples.features.read(Row(row), &mut out).unwrap();
    out
}

async fn refused(text: &str, dataset: impl Fn(Dataset) -> Dataset) -> DataError {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), text).unwrap();
    let run = folder.path().join("run");
    let error = read(dataset(csv(folder.path().join("t.csv"))), &run).await.err().unwrap();
    assert!(!run.exists() || std::fs::read_dir(&run).unwrap().count() == 0, "{error}");
    error
}

#[tokio::test]
async fn the_digits_keep_their_tensor_shape() {
    let folder = tempfile::tempdir().unwrap();
    let digits = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
    let mut seen = Vec::new();
    let samples = ingest(&parquet(digits), &session(), folder.path(), &mut |rows| seen.push(rows)).await.unwrap();
    assert_eq!(samples.features.shape().as_image(), Some((1, 8, 8)));
    assert_eq!(samples.columns, ["id", "label", "split"]);
    assert_eq!(seen.last(), Some(&(samples.features.rows() as u64)));
    let again = Samples::open(folder.path()).unwrap();
    assert_eq!((again.ids.rows(), &again.columns, again.text_ids), (samples.ids.rows(), &samples.columns, false));
}

#[tokio::test]
async fn text_ids_are_numbered_and_other_columns_pass_through() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.tsv");
    std::fs::write(&path, "x\tid\tlabel\ty\tnote\n1\tb\t4\t2.5\tn1\n3\ta\t5\t4\t\n").unwrap();
    let run = folder.path().join("run");
    let samples = read(tsv(&path).feature_columns(["x", "y"]), &run).await.unwrap();
    assert_eq!(samples.columns, ["id", "source_id", "label", "note"]);
    assert_eq!([row(&samples, 0), row(&samples, 1)], [[1.0, 2.5], [3.0, 4.0]]);
    let lookup = IdLookup::new(&Samples::open(&run).unwrap()).unwrap();
    assert!(lookup.is_text());
    assert_eq!([lookup.text("b"), lookup.text("a"), lookup.text("0")], [Some(SampleId(0)), Some(SampleId(1)), None]);
    let table = parquet(&samples.samples_path).table(&session()).await.unwrap().collect().await.unwrap();
    assert_eq!(table[0]["label"].as_primitive::<Int64Type>().values(), &[4, 5]);
}

#[tokio::test]
async fn queries_limits_and_folders_keep_the_order_of_rows() {
    let folder = tempfile::tempdir().unwrap();
    for (part, rows) in [("2", "1,20\n5,30\n"), ("1", "9,10\n"), ("3", "7,40\n")] {
        std::fs::write(folder.path().join(format!("{part}.csv")), format!("key,x\n{rows}")).unwrap();
    }
    let run = tempfile::tempdir().unwrap();
    let samples = read(csv(folder.path()).id("key").features("x").limit(3), run.path()).await.unwrap();
    assert_eq!([0, 1, 2].map(|row| samples.ids.id(Row(row)).0), [9, 1, 5]);
    assert_eq!((samples.features.rows(), row(&samples, 2)), (3, vec![30.0]));
    let query = "SELECT key AS id, [x, x + 1] AS v FROM t UNION ALL SELECT 100, [0, 0]";
    let samples = read(sql(query).table("t", csv(folder.path())), run.path()).await.unwrap();
    assert_eq!([0, 3, 4].map(|row| samples.ids.id(Row(row)).0), [9, 7, 100]);
    assert_eq!(row(&samples, 1), [20.0, 21.0]);
}

#[tokio::test]
async fn json_lists_and_images_are_features() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.jsonl");
    std::fs::write(&path, "{\"v\": [1, 2], \"n\": 5}\n{\"v\": [3, 4.5], \"n\": 6}\n").unwrap();
    let run = folder.path().join("run");
    let samples = read(json_lines(&path), &run).await.unwrap();
    assert_eq!((samples.columns.clone(), row(&samples, 1)), (vec!["id".to_owned(), "n".to_owned()], vec![3.0, 4.5]));
    std::fs::create_dir_all(folder.path().join("images/a")).unwrap();
    image::RgbImage::from_pixel(2, 1, image::Rgb([255, 0, 51])).save(folder.path().join("images/a/1.png")).unwrap();
    let samples = read(image_folder(folder.path().join("images")), &run).await.unwrap();
    let expected = [1.0, 1.0, 0.0, 0.0, 0.2, 0.2];
    assert!(row(&samples, 0).iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6));
    assert_eq!(samples.columns, ["id", "label", "path"]);
}

#[tokio::test]
async fn a_refused_dataset_leaves_nothing_behind() {
    let error = refused("id,x\n0,1\n1,\n", |d| d.features("x")).await.to_string();
    assert!(error.contains("t.csv") && error.contains("column `x`, row 1") && error.contains("null"), "{error}");
    let error = refused("id,x\n3,1\n3,2\n", |d| d).await;
    assert!(matches!(error, DataError::DuplicateId { first: 0, second: 1, .. }), "{error}");
    assert!(refused("id,x\n0,1\n1,NaN\n", |d| d.features("x")).await.to_string().contains("null"));
    assert!(matches!(refused("id,x\n", |d| d).await, DataError::Empty { .. }));
    assert!(matches!(refused("id,x\n1,2\n", |d| d.limit(0)).await, DataError::Empty { .. }));
    assert!(refused("a,x\n1,2\n", |d| d.id("b")).await.to_string().contains("only the columns a, x"));
    assert!(refused("a,id,x\n1,2,3\n", |d| d.id("a").features("x")).await.to_string().contains("column `id`"));
    assert!(matches!(Samples::open(Path::new("no/such/run")), Err(DataError::Missing { .. })));
}
