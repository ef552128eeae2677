//! Columns of pictures: paths, bytes, both as Hugging Face writes them, and pictures beside other fields.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, Int64Array, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Field};
use relata_data::DataError;
use relata_data::fields::{image, number, text};
use relata_data::sample_batch::SampleContent;
use relata_data::sink::ParquetSink;
use relata_data::source::{Samples, csv, parquet};

use super::{column, pixels, read, save};

fn png(grey: u8) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(2, 2, image::Rgb([grey; 3]));
    picture.write_to(&mut file, image::ImageFormat::Png).unwrap();
    file.into_inner()
}

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    let mut sink = ParquetSink::create(path, batch.schema()).unwrap();
    sink.write(&batch).unwrap();
    sink.finish().unwrap();
}

fn greys(samples: &Samples) -> Vec<u8> {
    (0..samples.features.rows()).map(|row| pixels(samples, row as u32)[0]).collect()
}

#[tokio::test]
async fn paths_are_relative_to_the_table_or_to_a_folder() {
    let (folder, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    save(folder.path().join("photos/a.png"), 2, 2, [1; 3]);
    save(folder.path().join("photos/b.png"), 4, 2, [2; 3]);
    let table = folder.path().join("t.csv");
    std::fs::write(&table, "key,photo\nx,photos/b.png\ny,photos/a.png\n").unwrap();
    let photo = || image("photo").resize(2, 2);
    let samples = read(csv(&table).fields([photo()]).id("key"), run.path()).await.unwrap();
    assert_eq!(greys(&samples), [2, 1]);
    assert_eq!(samples.columns, ["id", "source_id", "photo"]);
    std::fs::write(&table, "key,photo\nx,b.png\ny,a.png\n").unwrap();
    let elsewhere = photo().in_folder(folder.path().join("photos"));
    let samples = read(csv(&table).fields([elsewhere]).id("key"), run.path()).await.unwrap();
    assert_eq!(greys(&samples), [2, 1]);
    let error = read(csv(&table).fields([photo()]).id("key"), run.path()).await.unwrap_err();
    assert!(
        matches!(&error, DataError::TooManySkipped { reason, .. } if reason.contains("b.png`: No such")),
        "{error}"
    );
    // An address is asked for, whatever the folder; nobody answers at this one.
    std::fs::write(&table, "photo\nhttp://127.0.0.1:9/a.png\n").unwrap();
    let error = read(csv(&table).fields([photo()]), run.path()).await.unwrap_err();
    assert!(matches!(&error, DataError::TooManySkipped { reason, .. } if reason.contains("127.0.0.1:9")), "{error}");
}

#[tokio::test]
async fn bytes_and_structs_of_bytes_and_path_are_found_by_their_type() {
    let (folder, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = folder.path().join("t.parquet");
    let bytes: ArrayRef = Arc::new(BinaryArray::from_iter([Some(png(7)), None, Some(png(9))]));
    save(folder.path().join("8.png"), 2, 2, [8; 3]);
    let paths: ArrayRef = Arc::new(StringArray::from(vec!["7.png", "8.png", "9.png"]));
    let labels: ArrayRef = Arc::new(Int64Array::from(vec![0, 1, 0]));
    let members = vec![
        (Arc::new(Field::new("bytes", DataType::Binary, true)), bytes.clone()),
        (Arc::new(Field::new("path", DataType::Utf8, true)), paths),
    ];
    let pictures: ArrayRef = Arc::new(StructArray::from(members));
    write(&path, vec![("image", pictures), ("label", labels.clone())]);
    let samples = read(parquet(&path), run.path()).await.unwrap();
    assert_eq!(greys(&samples), [7, 8, 9]);
    assert_eq!(samples.columns, ["id", "label"]);
    assert_eq!(column(&samples.samples_path, "label"), ["0", "1", "0"]);
    // A run that is opened again decodes the same.
    assert_eq!(greys(&Samples::open(run.path()).unwrap()), [7, 8, 9]);

    write(&path, vec![("img", bytes.clone()), ("label", labels.clone())]);
    let error = read(parquet(&path), run.path()).await.unwrap_err();
    assert!(
        matches!(&error, DataError::TooManySkipped { first, reason, .. } if first == "row 1" && reason == "no picture")
    );
    // Bytes of another name are pictures if one says so.
    write(&path, vec![("blob", bytes), ("label", labels)]);
    let samples = read(parquet(&path).fields([image("blob").skip_at_most(0.5)]), run.path()).await.unwrap();
    assert_eq!((greys(&samples), column(&samples.samples_path, "label")), (vec![7, 9], vec!["0".into(), "0".into()]));
    let error = read(parquet(&path).fields([image("label")]), run.path()).await.unwrap_err().to_string();
    assert!(error.contains("`label`") && error.contains("struct of `bytes`"), "{error}");
}

#[tokio::test]
async fn a_picture_beside_other_fields_is_a_part_of_the_row() {
    let (folder, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    save(folder.path().join("a.png"), 1, 2, [51, 102, 255]);
    let table = folder.path().join("t.csv");
    std::fs::write(&table, "name,photo,size\nann,a.png,1\nbob,,3\n").unwrap();
    let fields = [text("name"), image("photo"), number("size")];
    let samples = read(csv(&table).fields(fields), run.path()).await.unwrap();
    let shape = samples.features.shape();
    assert_eq!((shape.fields[1].numbers, shape.fields[1].image), (7, Some((3, 1, 2))));
    let mut row = vec![0.0; shape.len()];
    samples.features.read(relata_data::index::Row(0), &mut row).unwrap();
    let scaled = [51.0, 51.0, 102.0, 102.0, 255.0, 255.0].map(|byte: f32| byte * (1.0 / 255.0));
    assert_eq!((&row[..6], &row[6..8]), (&scaled[..], &[0.0, -1.0][..]));
    samples.features.read(relata_data::index::Row(1), &mut row).unwrap();
    assert_eq!(row[..8], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 1.0]);
    let blocks = samples.features.scan(SampleContent::Bags).unwrap();
    assert_eq!(blocks.map(|block| block.unwrap().values.len()).sum::<usize>(), 2 * shape.len());
    assert!(Samples::open(run.path()).unwrap().features.table().is_some());
}

#[tokio::test]
async fn a_first_picture_may_come_late_but_one_has_to_come() {
    let (folder, run) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    save(folder.path().join("a.png"), 1, 2, [51, 102, 255]);
    let table = folder.path().join("t.csv");
    let rows = |last: &str| format!("size,photo\n{}2,{last}\n", "1,\n".repeat(10_000));
    std::fs::write(&table, rows("a.png")).unwrap();
    let dataset = || csv(&table).fields([number("size"), image("photo")]);
    let samples = read(dataset(), run.path()).await.unwrap();
    assert_eq!((samples.features.rows(), samples.features.shape().fields[1].numbers), (10_001, 7));
    let again = Samples::open(run.path()).unwrap();
    assert_eq!(pixels(&again, 10_000)[1..7], [51, 51, 102, 102, 255, 255]);
    std::fs::write(&table, rows("")).unwrap();
    let error = read(dataset(), run.path()).await.unwrap_err().to_string();
    assert!(error.contains("`photo`") && error.contains("none in any row"), "{error}");
}
