//! Edge files with mistakes: each is refused with file, column and row.

use std::path::Path;

use relata::prelude::*;

use crate::data;

/// The message with which these edges over ten samples with the ids 0 to 9 are refused.
async fn refusal(name: &str, content: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let samples = data::text_file(folder.path(), "samples.csv", &data::circle(10, 2));
    let file = folder.path().join(name);
    if !content.is_empty() {
        data::text_file(folder.path(), name, content);
    }
    run(folder.path(), csv(samples), &file).await.err().unwrap().to_string()
}

async fn run(folder: &Path, samples: Dataset, file: &Path) -> relata::Result<Run> {
    let related = Pipeline::read(samples).relate(edges(file));
    related.train(mlp([3]), vicreg(), data::short_fit()).write(folder.join("run")).run_async().await
}

#[tokio::test]
async fn every_mistake_is_named_by_file_column_and_row() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("e.csv", "src,dst\n0,1\n2,99\n", &["row 1", "column `dst`", "id 99", "not in the dataset"]),
        ("e.csv", "anchor,positive,negative\n0,1,2\n77,3,4\n", &["row 1", "column `anchor`", "id 77"]),
        ("e.csv", "src,dst\n0,1\n1,2\n4,4\n", &["row 2", "column `dst`", "two different samples", "4"]),
        ("e.csv", "src,dst,weight\n0,1,1\n1,2,1.5\n", &["row 1", "column `weight`", "[-1, 1] without 0", "found 1.5"]),
        ("e.csv", "src,dst,weight\n0,1,-2\n", &["row 0", "column `weight`", "[-1, 1] without 0", "found -2"]),
        ("e.csv", "src,dst,weight\n0,1,0.0\n", &["row 0", "column `weight`", "[-1, 1] without 0", "found 0"]),
        ("e.csv", "src,dst,weight\n0,1,0.5\n1,3,NaN\n", &["row 1", "column `weight`", "found null"]),
        ("e.csv", "id_l,id_r,match_probability\n0,1,1.25\n", &["row 0", "`match_probability`", "[0, 1]", "found 1.25"]),
        ("e.csv", "anchor,positive,weight\n0,1,1\n1,3,7\n", &["row 1", "column `weight`", "found 7"]),
        ("e.csv", "src,dst,round\n0,1,0\n1,3,-1\n", &["row 1", "column `round`", "-1"]),
        ("e.csv", "src,dst\n0,1\n1,\n", &["row 1", "column `dst`", "an id", "found null"]),
        ("e.csv", "src,dst\n", &["no rows"]),
        ("e.csv", "src,dst,label\n0,1,yes\n1,3,perhaps\n", &["row 1", "column `label`", "`perhaps`", "distinct"]),
        ("e.csv", "src,dst,label,weight\n0,1,no,0.5\n1,3,no,-1\n", &["row 0", "column `label`", "`weight`", "row 1"]),
        ("e.csv", "src,dst,verdict\n0,1,1\n", &["column `verdict`", ".signs(\"verdict\")", ".ignoring([\"verdict\"])"]),
        ("e.csv", "src,dst,label,match\n0,1,1,1\n", &["column `label`", "`label` and `match`", ".signs(\"label\")"]),
        ("e.csv", "id_l,id_r,source_dataset_l\n0,1,a\n", &["column `source_dataset_l`", ".source_separator(\"-\")"]),
        ("e.csv", "anchor,positive,negative,label\n0,1,2,1\n", &["column `label`", "src,dst,label"]),
        ("e.json", "{\"match\": [[{\"Id\": 1}, {\"Id\": 2}]]}", &["row 0", "column `match`", ".id_field(..)"]),
        ("e.json", "{\"match\": [[{\"id\": 1}, {\"id\": 77}]]}", &["row 0", "column `match, second record`", "id 77"]),
        ("e.csv", "from,to\n0,1\n", &["src,dst", "only the columns from, to"]),
        ("e.jsonl", "{\"src\": 0, \"dst\": -1}\n", &["row 0", "column `dst`", "-1"]),
        ("e.txt", "0 1\n", &["expected a file of edges", "found .txt"]),
        ("e.parquet", "PAR1 is not all of it", &["could not be read"]),
        ("e.parquet", "", &["does not exist"]),
    ];
    for (name, content, parts) in cases {
        let message = refusal(name, content).await;
        for part in parts.iter().chain([name]) {
            assert!(message.contains(part), "no `{part}` for {content:?} in: {message}");
        }
    }
}

#[tokio::test]
async fn text_ids_that_are_unknown_are_named_as_they_stand() {
    let folder = tempfile::tempdir().unwrap();
    let samples = data::text_file(folder.path(), "samples.csv", "id,x\nann,1\nbob,2\n007,3\n");
    let file = data::text_file(folder.path(), "e.csv", "src,dst\nann,007\nbob,eve\n");
    let message = run(folder.path(), csv(&samples), &file).await.err().unwrap().to_string();
    assert!(message.contains("row 1") && message.contains("column `dst`") && message.contains("eve"), "{message}");
    data::text_file(folder.path(), "e.csv", "src,dst\nann,007\nbob,7\n");
    std::fs::remove_dir_all(folder.path().join("run")).unwrap();
    let message = run(folder.path(), csv(&samples), &file).await.err().unwrap().to_string();
    assert!(message.contains("row 1") && message.contains("id 7"), "{message}");
}
