//! Delimited files as other programs write them.

use std::io::Write;
use std::path::Path;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};

use super::super::session::session;
use super::*;

/// Reads files of these names and contents, as the settings say.
async fn read_with(files: &[(&str, &[u8])], settings: impl Fn(Csv) -> Csv) -> Result<RecordBatch> {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).unwrap();
    }
    let path = if files.len() == 1 { folder.path().join(files[0].0) } else { folder.path().to_path_buf() };
    let table = settings(Csv { path, ..Csv::default() }).table(&session()).await?;
    let schema = table.schema().inner().clone();
    Ok(concat_batches(&schema, &table.collect().await.map_err(|error| super::super::read_error("t", error))?)?)
}

async fn read(text: &str) -> RecordBatch {
    read_with(&[("t.csv", text.as_bytes())], |csv| csv).await.unwrap()
}

async fn refused(files: &[(&str, &[u8])]) -> String {
    read_with(files, |csv| csv).await.unwrap_err().to_string()
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    batch[column].as_string::<i32>().iter().map(|text| text.map(str::to_owned)).collect()
}

fn ints(batch: &RecordBatch, column: &str) -> Vec<Option<i64>> {
    batch[column].as_primitive::<Int64Type>().iter().collect()
}

fn floats(batch: &RecordBatch, column: &str) -> Vec<Option<f64>> {
    batch[column].as_primitive::<Float64Type>().iter().collect()
}

#[tokio::test]
async fn delimiters_are_found_by_looking() {
    for text in ["a,b\n1,x\n2,y\n", "a;b\n1;x\n2;y\n", "a\tb\n1\tx\n2\ty\n", "a|b\r\n1|x\r\n2|y\r\n"] {
        let batch = read(text).await;
        assert_eq!(
            (ints(&batch, "a"), texts(&batch, "b")[1].as_deref()),
            (vec![Some(1), Some(2)], Some("y")),
            "{text}"
        );
    }
    assert_eq!(ints(&read("a\n1\n2\n").await, "a"), [Some(1), Some(2)]);
}

#[tokio::test]
async fn quotes_escapes_and_lines_in_fields_are_kept() {
    let batch = read("name,n\n\"Smith, \"\"Jo\"\"\",1\n\"two\nlines\",2\n").await;
    assert_eq!(texts(&batch, "name"), [Some("Smith, \"Jo\"".into()), Some("two\nlines".into())]);
    let own = b"name,n\n'O\\'Hara, S',1\n";
    let batch = read_with(&[("t.csv", own)], |csv| csv.with_quotes('\'', Some('\\'))).await.unwrap();
    assert_eq!(texts(&batch, "name"), [Some("O'Hara, S".into())]);
}

#[tokio::test]
async fn decimal_commas_and_thousands() {
    // With semicolons, numbers with commas are found by looking.
    let batch = read("x;n\n1,5;7\n-2,25;8\n").await;
    assert_eq!((floats(&batch, "x"), ints(&batch, "n")), (vec![Some(1.5), Some(-2.25)], vec![Some(7), Some(8)]));
    // Where some have a point, a comma is none.
    let batch = read("x;y\n1,5;7.5\n").await;
    assert_eq!((texts(&batch, "x"), floats(&batch, "y")), (vec![Some("1,5".into())], vec![Some(7.5)]));
    let english = b"x,y\n\"1,234,567.5\",1\n\"12,000\",2\n";
    let batch = read_with(&[("t.csv", english)], |csv| csv.with_thousands(',')).await.unwrap();
    assert_eq!(floats(&batch, "x"), [Some(1_234_567.5), Some(12_000.0)]);
    let german = b"x\ty\n1.234,5\t1\n";
    let batch = read_with(&[("t.csv", german)], |csv| csv.with_decimal_comma().with_thousands('.')).await.unwrap();
    assert_eq!(floats(&batch, "x"), [Some(1234.5)]);
}

#[tokio::test]
async fn encodings_and_compression() {
    let text = "name,n\nJosé,1\n";
    let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), Default::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let mark = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    for bytes in [text.as_bytes(), &mark, &utf16, &gzip.finish().unwrap(), &zstd] {
        let batch = read_with(&[("t.csv", bytes)], |csv| csv).await.unwrap();
        assert_eq!((texts(&batch, "name"), ints(&batch, "n")), (vec![Some("José".into())], vec![Some(1)]));
    }
    let latin = b"name,n\nJos\xe9,1\n";
    let batch = read_with(&[("t.csv", latin)], |csv| csv.with_encoding("latin-1")).await.unwrap();
    assert_eq!(texts(&batch, "name"), [Some("José".into())]);
    let error = refused(&[("t.csv", latin)]).await;
    for part in ["t.csv", "UTF-8", "line 2", "field 0", "with_encoding"] {
        assert!(error.contains(part), "no `{part}` in {error}");
    }
}

#[tokio::test]
async fn comments_headers_and_blanks() {
    let batch = read_with(&[("t.csv", b"# made by hand\na,b\n# more\n1,2\n")], |csv| csv.with_comments('#')).await;
    assert_eq!(ints(&batch.unwrap(), "b"), [Some(2)]);
    let batch = read_with(&[("t.csv", b"1,x\n2,y\n")], Csv::without_header).await.unwrap();
    assert_eq!((ints(&batch, "column_1"), texts(&batch, "column_2").len()), (vec![Some(1), Some(2)], 2));
    // Numbers and names have no blanks; texts keep theirs unless they are trimmed.
    let blanks = b"a, b, c\n1, 2, x\n3, 4, \"y, z\"\n";
    assert_eq!(ints(&read("a, b\n1, 2\n").await, "b"), [Some(2)]);
    let batch = read_with(&[("t.csv", blanks)], Csv::trimmed).await.unwrap();
    assert_eq!((ints(&batch, "b"), texts(&batch, "c")[0].as_deref()), (vec![Some(2), Some(4)], Some("x")));
}

#[tokio::test]
async fn missing_values_and_truth() {
    let batch = read("x,t,name,empty\n1,True,NA,\nNA,false,None,\nnull,,\"\",\n2.5,TRUE,x,\n").await;
    assert_eq!(floats(&batch, "x"), [Some(1.0), None, None, Some(2.5)]);
    let truth: Vec<_> = batch["t"].as_boolean().iter().collect();
    assert_eq!(truth, [Some(true), Some(false), None, Some(true)]);
    assert_eq!(texts(&batch, "name"), [Some("NA".into()), Some("None".into()), None, Some("x".into())]);
    assert_eq!((batch["empty"].data_type(), batch["empty"].null_count()), (&DataType::Utf8, 4));
    let batch = read_with(&[("t.csv", b"x,y\n?,a\n3,?\n")], |csv| csv.with_nulls(["?"])).await.unwrap();
    assert_eq!((ints(&batch, "x"), texts(&batch, "y")), (vec![None, Some(3)], vec![Some("a".into()), None]));
}

#[tokio::test]
async fn types_hold_every_value_of_every_file() {
    // A decimal after 30,000 whole numbers.
    let mut text = String::from("n,id\n");
    (0..30_000).for_each(|row| text += &format!("{row},{row}\n"));
    text += "0.5,30000\n";
    let batch = read(&text).await;
    assert_eq!((batch.num_rows(), floats(&batch, "n")[30_000]), (30_001, Some(0.5)));
    assert_eq!(ints(&batch, "id")[29_999], Some(29_999));
    // Decimals in the second file, whose columns are in another order.
    let files: [(&str, &[u8]); 2] = [("a.csv", b"n,name\n1,x\n"), ("b.csv", b"name;n\ny;2.5\n")];
    let batch = read_with(&files, |csv| csv).await.unwrap();
    assert_eq!(floats(&batch, "n"), [Some(1.0), Some(2.5)]);
    assert_eq!(texts(&batch, "name"), [Some("x".into()), Some("y".into())]);
    assert_eq!(batch.schema().field(0).name(), "n");
    let batch = read(
        "big,day,at,id\n18446744073709551615,2024-02-29,2024-02-29 12:00:00,007\n1,2023-01-01,2023-01-01T00:00:00,12\n",
    )
    .await;
    assert_eq!(batch["big"].as_primitive::<UInt64Type>().value(0), u64::MAX);
    assert_eq!(batch["day"].data_type(), &DataType::Date32);
    assert!(matches!(batch["at"].data_type(), DataType::Timestamp(..)));
    // Zeros in front are part of an id.
    assert_eq!(texts(&batch, "id"), [Some("007".into()), Some("12".into())]);
}

#[tokio::test]
async fn columns_are_named_once_and_alike() {
    let error = refused(&[("t.csv", b"a,b,a\n1,2,3\n")]).await;
    assert!(error.contains("t.csv") && error.contains("`a` twice, as columns 0 and 2"), "{error}");
    let error = refused(&[("a.csv", b"n,m\n1,2\n"), ("b.csv", b"n,m,more\n1,2,3\n")]).await;
    assert!(error.contains("b.csv") && error.contains("`more`"), "{error}");
    let error = refused(&[("a.csv", b"n,m\n1,2\n"), ("b.csv", b"n\n1\n")]).await;
    assert!(error.contains("b.csv") && error.contains("no column `m`"), "{error}");
    let error = refused(&[("t.csv", b"a,b\n1,2\n1,2,3\n")]).await;
    assert!(error.contains("2 fields in every row") && error.contains("row 1 (line 3) with 3"), "{error}");
    // What pandas and R write without a name.
    let batch = read("\"\",\"mpg\"\n\"Mazda RX4\",21.5\n\"Datsun 710\",22.8\n").await;
    assert_eq!(texts(&batch, "row_name")[0].as_deref(), Some("Mazda RX4"));
    assert_eq!(floats(&batch, "mpg"), [Some(21.5), Some(22.8)]);
    // Delimiters at the end of every row are no columns, unless there are values.
    assert_eq!(read("a,b,,\n1,2,,\n3,4,,\n").await.num_columns(), 2);
    let error = refused(&[("t.csv", b"a,b,,\n1,2,,\n3,4,5,\n")]).await;
    assert!(error.contains("row 1, column 2"), "{error}");
}

#[tokio::test]
async fn exports_of_spreadsheets_and_databases_are_read_as_they_mean_it() {
    let german = read("Artikel;Menge;Preis\nA;1.234;19,90\nB;2.500;5,00\n").await;
    assert_eq!(
        (ints(&german, "Menge"), floats(&german, "Preis")),
        (vec![Some(1234), Some(2500)], vec![Some(19.9), Some(5.0)])
    );
    let excel = read("sep=,\r\nname,price\r\nn0,0.5\r\n").await;
    assert_eq!((texts(&excel, "name"), floats(&excel, "price")), (vec![Some("n0".into())], vec![Some(0.5)]));
    let dump = read("a\tb\n1\t2.5\n\\N\t#DIV/0!\n").await;
    assert_eq!((ints(&dump, "a"), floats(&dump, "b")), (vec![Some(1), None], vec![Some(2.5), None]));
    let large = read("k,n\na,-5\nb,18446744073709551615\n").await;
    assert_eq!(texts(&large, "n"), [Some("-5".to_owned()), Some(u64::MAX.to_string())]);
    let moments = read("valid_to\n9999-12-31\n2024-05-01 00:00\n2024-05-01T10:30Z\n").await;
    assert!(
        matches!(moments["valid_to"].data_type(), DataType::Timestamp(..)) && moments["valid_to"].null_count() == 0
    );
}

#[tokio::test]
async fn what_would_be_misread_is_refused() {
    let error = refused(&[("t.tsv", b"k\ttitle\n1\tabc\n2\t\"def\n3\tghi\n")]).await;
    assert!(
        error.contains("t.tsv") && error.contains("begin in line 3") && error.contains("without_quotes"),
        "{error}"
    );
    let error = refused(&[(
        "t.csv",
        br#"k,say
0,"He said \"hi\" to 0"
"#,
    )])
    .await;
    assert!(error.contains("line 2") && error.contains("with_quotes"), "{error}");
    for (content, said) in [
        (&b"PK\x03\x04\x14\x00\x06\x00"[..], "Excel"),
        (b"PAR1\x15\x04\x15\x00", "parquet(..)"),
        (b"{\"a\": 1}\n{\"a\": 2}\n", "json_lines(..)"),
    ] {
        let error = refused(&[("t.csv", content)]).await;
        assert!(error.contains(said), "{error}");
    }
}

#[tokio::test]
async fn long_texts_end_a_block() {
    let long = "x".repeat(1 << 20);
    let rows: String = (0..80).map(|row| format!("{row},{long}\n")).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, format!("id,text\n{rows}")).unwrap();
    let batches = csv(&path).table(&session()).await.unwrap().collect().await.unwrap();
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 80);
    assert!(batches.iter().all(|batch| batch.num_rows() <= 33), "{}", batches.len());
}

#[tokio::test]
async fn text_columns_are_text_and_odd_names_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("odd [name].tsv");
    std::fs::write(&path, "src\tn\n7\t1\n8\t2\n").unwrap();
    let table = Csv::new(&path, '\t').with_text(["src"]).table(&session()).await.unwrap();
    let batches = table.collect().await.unwrap();
    assert_eq!((texts(&batches[0], "src")[0].as_deref(), ints(&batches[0], "n")), (Some("7"), vec![Some(1), Some(2)]));
}

#[tokio::test]
async fn broken_and_empty_files_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let error = async |content: &[u8], path: &Path| {
        std::fs::write(path, content).unwrap();
        csv(path).table(&session()).await.unwrap_err()
    };
    let broken = error(b"a,b\n1,2\n1,2,3\n", &path).await;
    assert!(matches!(&broken, DataError::Unreadable { path: named, .. } if *named == path), "{broken}");
    assert!(matches!(error(b"", &path).await, DataError::Empty { .. }));
    std::fs::write(&path, "a\n1\n").unwrap();
    let error = Csv::new(&path, 'é').table(&session()).await.unwrap_err();
    assert!(matches!(error, DataError::Setting(_)), "{error}");
}
