//! Tests of whom edge files name: several negatives, sources, training files, and what is skipped.

use super::fixture::{edge, lookup, read_text, read_text_as, refusal};
use super::*;

const JSON: &str = "pairs.json";

#[tokio::test]
async fn several_negatives_are_an_edge_each() {
    let text = "anchor,positive,negative_2,negative_1\n1,2,4,3\n5,6,,7\n";
    let expected = [
        edge(1, 2, 1.0, "n"),
        edge(1, 3, -1.0, "n"),
        edge(1, 4, -1.0, "n"),
        edge(5, 6, 1.0, "n"),
        edge(5, 7, -1.0, "n"),
    ];
    assert_eq!(read_text("n.csv", text, None).await.unwrap(), expected);
    // Text ids keep their zeros in numbered columns, too.
    let ids = lookup("id,x\n07,1\nb,2\n7,3\nc,4\n").await;
    let text = "anchor,positive,negative,negative_1,weight\n07,b,c,7,0.5\nb,c,7,,1\n";
    let expected = [
        edge(0, 1, 0.5, "n"),
        edge(0, 3, -0.5, "n"),
        edge(0, 2, -0.5, "n"),
        edge(1, 3, 1.0, "n"),
        edge(1, 2, -1.0, "n"),
    ];
    assert_eq!(read_text("n.csv", text, Some(&ids)).await.unwrap(), expected);
    let error = refusal("n.csv", "anchor,positive,negative,negative_1\n1,2,3,4\n1,2,,4\n", |file| file).await;
    assert_eq!((error.column.as_str(), error.row), ("negative", Some(1)));
}

#[tokio::test]
async fn ids_of_sources_are_joined_or_refused() {
    let ids = lookup("id,x\na-1,1\nb-1,2\nb-02,3\n").await;
    let text = "source_dataset_l,unique_id_l,source_dataset_r,unique_id_r,match_probability\na,1,b,1,1\nb,02,a,1,0\n";
    let (edges, _) = read_text_as("s.csv", text, Some(&ids), |file| file.source_separator("-")).await.unwrap();
    assert_eq!(edges, [edge(0, 1, 1.0, "s"), edge(0, 2, -1.0, "s")]);
    let error = read_text_as("s.csv", text, Some(&ids), |file| file.source_separator("_")).await.unwrap_err();
    assert!(matches!(&error, GraphError::UnknownId { row: 0, id, .. } if id == "a_1"), "{error}");
    let error = refusal("s.csv", text, |file| file).await;
    assert!(error.column == "source_dataset_l" && error.hint.contains(".source_separator("), "{error}");
}

#[tokio::test]
async fn training_files_are_pairs_of_records() {
    let tuple = |a: &str, b: &str| format!("{{\"__class__\": \"tuple\", \"__value__\": [{a}, {b}]}}");
    let record = |id: &str| format!("{{\"id\": {id}, \"name\": \"x\", \"tags\": {{\"__class__\": \"frozenset\"}}}}");
    let pair = tuple(&record("\"b\""), &record("\"007\""));
    let text = format!("{{\"match\": [{pair}],\n \"distinct\": [[{}, {}]]}}", record("7"), record("\"b\""));
    let ids = lookup("id,x\n007,1\nb,2\n7,3\n").await;
    let found = read_text(JSON, &text, Some(&ids)).await.unwrap();
    assert_eq!(found, [edge(0, 1, 1.0, "pairs"), edge(1, 2, -1.0, "pairs")]);
    let named = "{\"distinct\": [], \"match\": [[{\"Id\": 4}, {\"Id\": 9}]]}";
    let (edges, _) = read_text_as(JSON, named, None, |file| file.id_field("Id")).await.unwrap();
    assert_eq!(edges, [edge(4, 9, 1.0, "pairs")]);

    let error = refusal(JSON, named, |file| file).await;
    assert_eq!((error.column.as_str(), error.row), ("match", Some(0)));
    assert!(error.found.contains("only the fields Id") && error.hint.contains(".id_field(..)"), "{error}");
    for (text, column, row, found) in [
        ("{\"match\": [[{\"id\": 1}, {\"id\": 2}]], \"unsure\": []}", "unsure", None, "another list"),
        ("{\"match\": [[{\"id\": 1}]]}", "match", Some(0), "a list"),
        ("{\"distinct\": [[{\"id\": 1}, {\"id\": 2}], [{\"id\": 1}, {\"id\": null}]]}", "distinct", Some(1), "null in"),
    ] {
        let error = refusal(JSON, text, |file| file).await;
        assert_eq!((error.column.as_str(), error.row), (column, row), "{error}");
        assert!(error.found.contains(found), "{error}");
    }
    let error = read_text(JSON, "{\"match\": [[{\"id\": 1}, {\"id\"", None).await.unwrap_err();
    assert!(matches!(error, GraphError::Data(DataError::Unreadable { .. })), "{error}");
    let error = read_text(JSON, "{\"match\": [], \"distinct\": []}", None).await.unwrap_err();
    assert!(matches!(error, GraphError::EmptyEdges { .. }), "{error}");
    let unknown = "{\"match\": [[{\"id\": \"b\"}, {\"id\": \"e\"}]], \"distinct\": []}";
    let error = read_text(JSON, unknown, Some(&ids)).await.unwrap_err();
    assert!(error.to_string().contains("column `match, second record`: the id e"), "{error}");
    // Any other file of this name is JSON lines.
    assert_eq!(read_text("e.json", "{\"src\": 1, \"dst\": 2}\n", None).await.unwrap(), [edge(1, 2, 1.0, "e")]);
}

#[tokio::test]
async fn unknown_ids_and_self_loops_are_refused_or_counted() {
    let ids = lookup("id,x\n5,1\n6,2\n7,3\n").await;
    let text = "src,dst,label\n5,6,1\n5,4,1\n7,7,1\n9,9,1\n6,7,\n";
    let skip = |file: EdgeFile| file.skip_unknown().skip_self();
    let (edges, found) = read_text_as("e.csv", text, Some(&ids), skip).await.unwrap();
    assert_eq!(edges, [edge(5, 6, 1.0, "e")]);
    assert_eq!(found, Skipped { unsure: 1, unknown_ids: 2, itself: 1 });
    assert_eq!(found.to_string(), "4 pairs skipped (1 unsure, 2 with unknown ids, 1 of a sample with itself)");
    let error = read_text_as("e.csv", text, Some(&ids), EdgeFile::skip_self).await.unwrap_err();
    assert!(matches!(&error, GraphError::UnknownId { .. }), "{error}");
    assert!(error.to_string().contains(".skip_unknown()"), "{error}");
    let error = read_text_as("e.csv", text, Some(&ids), EdgeFile::skip_unknown).await.unwrap_err().to_string();
    assert!(error.contains("row 2") && error.contains(".skip_self()"), "{error}");
    let triplet = "anchor,positive,negative\n5,6,4\n4,5,6\n";
    let (edges, found) = read_text_as("e.csv", triplet, Some(&ids), skip).await.unwrap();
    assert_eq!((edges, found.unknown_ids), (vec![edge(5, 6, 1.0, "e")], 3));
    let texts = lookup("id,x\na,1\nb,2\n").await;
    let (edges, found) = read_text_as("e.csv", "src,dst\na,b\nb,c\n", Some(&texts), skip).await.unwrap();
    assert_eq!((edges, found.unknown_ids), (vec![edge(0, 1, 1.0, "e")], 1));
}
