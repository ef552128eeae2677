//! Tests of every convention and every refusal of edge files.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, UInt64Array};
use arrow::datatypes::UInt32Type;
use futures::TryStreamExt;

use relata_data::sink::ParquetSink;
use relata_data::source::session;

use super::fixture::{edge, lookup, read, read_text};
use super::*;

#[tokio::test]
async fn every_convention_becomes_canonical() {
    for (name, text, expected) in [
        (
            "links.csv",
            "note,weight,dst,src,rel\nx,1,2,7,same\ny,-0.5,9,3,\n",
            vec![edge(2, 7, 1.0, "same"), edge(3, 9, -0.5, "links")],
        ),
        ("g.tsv", "source\ttarget\n4\t1\n", vec![edge(1, 4, 1.0, "g")]),
        ("pbg.csv", "lhs,rhs,rel\n1,2,0\n2,3,11\n", vec![edge(1, 2, 1.0, "0"), edge(2, 3, 1.0, "11")]),
        (
            "splink.csv",
            "match_probability,unique_id_l,unique_id_r\n0.75,1,2\n0.5,3,4\n0,5,6\n",
            vec![edge(1, 2, 0.5, "splink"), edge(5, 6, -1.0, "splink")],
        ),
        ("d.jsonl", "{\"id_l\": 8, \"id_r\": \"3\"}\n", vec![edge(3, 8, 1.0, "d")]),
        (
            "t.ndjson",
            "{\"anchor\": 1, \"positive\": 2, \"negative\": 0}\n{\"anchor\": 3, \"positive\": 4, \"negative\": 5}\n",
            vec![edge(1, 2, 1.0, "t"), edge(0, 1, -1.0, "t"), edge(3, 4, 1.0, "t"), edge(3, 5, -1.0, "t")],
        ),
        ("p.csv", "anchor,positive,confidence\n1,2,0.25\n", vec![(1, 2, 1.0, "p".to_owned(), 0.25)]),
        ("w.csv", "anchor,positive,weight\n1,2,0.5\n", vec![edge(1, 2, 0.5, "w")]),
        ("w.csv", "anchor,positive,negative,weight\n1,2,0,0.5\n", vec![edge(1, 2, 0.5, "w"), edge(0, 1, -0.5, "w")]),
    ] {
        assert_eq!(read_text(name, text, None).await.unwrap(), expected, "{name}");
    }
}

#[tokio::test]
async fn parquet_edges_keep_their_order_over_batches() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("big.parquet");
    let n = 40_000;
    let batch = RecordBatch::try_from_iter([
        ("src", Arc::new(UInt64Array::from_iter_values((0..n).map(|v| v * 2))) as ArrayRef),
        ("dst", Arc::new(UInt64Array::from_iter_values((0..n).map(|v| v * 2 + 1))) as ArrayRef),
    ])
    .unwrap();
    let mut sink = ParquetSink::create(&path, batch.schema()).unwrap();
    sink.write(&batch).unwrap();
    sink.finish().unwrap();
    let rows = read(&path, None).await.unwrap();
    assert_eq!(rows.len(), n as usize);
    assert!(rows.iter().zip(0..).all(|(row, at)| (row.0, row.1) == (2 * at, 2 * at + 1)));

    // The row of an error counts over all batches.
    let ids = lookup("id,x\n0,1\n1,1\n").await;
    let error = read(&path, Some(&ids)).await.unwrap_err();
    assert!(matches!(&error, GraphError::UnknownId { row: 1, id, .. } if id == "2"), "{error}");
    let mut src: Vec<u64> = (0..n).map(|v| v * 2).collect();
    src[39_000] = 78_001;
    let columns = vec![Arc::new(UInt64Array::from(src)) as ArrayRef, batch.column(1).clone()];
    let mut sink = ParquetSink::create(&path, batch.schema()).unwrap();
    sink.write(&RecordBatch::try_new(batch.schema(), columns).unwrap()).unwrap();
    sink.finish().unwrap();
    match read(&path, None).await.unwrap_err() {
        GraphError::Data(DataError::Schema(error)) => {
            assert_eq!((error.column.as_str(), error.row), ("dst", Some(39_000)))
        }
        other => panic!("{other}"),
    }
}

#[tokio::test]
async fn rounds_and_places_are_those_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e.csv");
    let text = "src,dst,round,inferred,match_probability\n1,2,3,false,1\n4,3,0,true,1\n";
    std::fs::write(&path, text).unwrap();
    let read_first: Vec<_> = read_edges(&edges(&path), &session(), None).await.unwrap().try_collect().await.unwrap();
    assert_eq!(read_first[0]["round"].as_primitive::<UInt32Type>().values(), &[3, 0]);
    assert_eq!(read_first[0]["inferred"].as_boolean().iter().collect::<Vec<_>>(), [Some(false), Some(true)]);
    std::fs::write(&path, "id_l,id_r,match_probability\n1,2,1\n3,4,0.5\n6,5,0\n").unwrap();
    let placed: Vec<_> = read_placed_edges(&edges(&path), &session(), None).await.unwrap().try_collect().await.unwrap();
    assert_eq!(placed[0].places, [(0, "id_r".into()), (2, "id_r".into())]);
    std::fs::write(&path, "src,dst,round\n1,2,-1\n").unwrap();
    let error = read(&path, None).await.unwrap_err().to_string();
    assert!(error.contains("column `round`, row 0") && error.contains("`-1`"), "{error}");
}

#[tokio::test]
async fn text_ids_are_looked_up_as_they_are_written() {
    let ids = lookup("id,x\n007,1\nb,2\n7,3\n").await;
    let text = "src,dst\n7,007\nb,007\n";
    let expected = vec![edge(0, 2, 1.0, "e"), edge(0, 1, 1.0, "e")];
    assert_eq!(read_text("e.csv", text, Some(&ids)).await.unwrap(), expected);
    assert_eq!(read_text("e.jsonl", "{\"src\": \"b\", \"dst\": 7}", Some(&ids)).await.unwrap(), [edge(1, 2, 1.0, "e")]);
    let error = read_text("e.csv", "src,dst\nb,7\nb,c\n", Some(&ids)).await.unwrap_err();
    assert!(
        matches!(&error, GraphError::UnknownId { row: 1, column, id, .. } if column == "dst" && id == "c"),
        "{error}"
    );
    let numbers = lookup("id,x\n5,1\n6,2\n").await;
    assert_eq!(read_text("e.csv", "src,dst\n6,5\n", Some(&numbers)).await.unwrap(), [edge(5, 6, 1.0, "e")]);
    let error = read_text("e.csv", "src,dst\n6,4\n", Some(&numbers)).await.unwrap_err();
    assert!(matches!(error, GraphError::UnknownId { row: 0, .. }), "{error}");
}

#[tokio::test]
async fn bad_rows_name_file_column_and_row() {
    for (text, column, row, found) in [
        ("src,dst\n1,2\n3,3\n", "dst", 1, "the same sample twice (3)"),
        ("anchor,positive,negative\n1,2,1\n", "negative", 0, "the same sample twice (1)"),
        ("src,dst,weight\n1,2,1\n1,3,1.5\n", "weight", 1, "1.5"),
        ("src,dst,weight\n1,2,0\n", "weight", 0, "0"),
        ("src,dst,weight\n1,2,NaN\n", "weight", 0, "NaN"),
        ("src,dst,weight\n1,2,\n1,3,1\n", "weight", 0, "null"),
        ("src,dst,weight\n1,2,1\n1,3,high\n", "weight", 1, "`high`"),
        ("src,dst\n1,-2\n", "dst", 0, "`-2`"),
        ("src,dst\n1,2\n1,x\n", "dst", 1, "`x`"),
        ("src,dst\n1,2\n,3\n", "src", 1, "null"),
        ("src,dst\n1,2.5\n", "dst", 0, "`2.5`"),
        ("id_l,id_r,match_probability\n1,2,1.01\n", "match_probability", 0, "1.01"),
        ("src,dst,confidence\n1,2,-0.1\n", "confidence", 0, "-0.1"),
    ] {
        match read_text("bad.csv", text, None).await.unwrap_err() {
            GraphError::Data(DataError::Schema(error)) => {
                assert!(error.table.ends_with("bad.csv"), "{error}");
                assert_eq!(
                    (error.column.as_str(), error.row, error.found.as_str()),
                    (column, Some(row), found),
                    "{text}"
                );
            }
            other => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn other_files_are_refused() {
    let error = read_text("e.csv", "from,to\n1,2\n", None).await.unwrap_err();
    assert!(error.to_string().contains("only the columns from, to"), "{error}");
    for empty in ["", "src,dst\n"] {
        let error = read_text("e.csv", empty, None).await.unwrap_err();
        let empty = matches!(error, GraphError::EmptyEdges { .. } | GraphError::Data(DataError::Empty { .. }));
        assert!(empty, "{error}");
    }
    let error = read_text("e.xlsx", "x", None).await.unwrap_err();
    assert!(matches!(error, GraphError::Data(DataError::Unreadable { .. })), "{error}");
    let error = read(Path::new("no/edges.csv"), None).await.unwrap_err();
    assert!(matches!(error, GraphError::Data(DataError::Missing { .. })), "{error}");
}

#[tokio::test]
async fn an_id_of_bytes_that_are_no_text_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("e.parquet");
    let src: ArrayRef = Arc::new(arrow::array::BinaryArray::from_iter_values([&b"1"[..], b"\xff"]));
    let dst: ArrayRef = Arc::new(UInt64Array::from(vec![2, 3]));
    let batch = RecordBatch::try_from_iter([("src", src), ("dst", dst)]).unwrap();
    let mut sink = ParquetSink::create(&path, batch.schema()).unwrap();
    sink.write(&batch).unwrap();
    sink.finish().unwrap();
    let error = read(&path, None).await.unwrap_err().to_string();
    assert!(error.contains("column `src`, row 1"), "{error}");
}

#[tokio::test]
async fn the_delimiter_is_found_by_looking() {
    for text in ["src;dst;label\n1;2;yes\n3;4;no\n", "src\tdst\tlabel\n1\t2\tyes\n3\t4\tno\n"] {
        let edges = read_text("e.csv", text, None).await.unwrap();
        assert_eq!(edges, [edge(1, 2, 1.0, "e"), edge(3, 4, -1.0, "e")], "{text}");
    }
}
