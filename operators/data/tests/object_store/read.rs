//! Files of every format are read from a store as from a folder.

use relata_data::source::{Dataset, SOURCES, csv, json_lines, parquet, sql, tsv};

use crate::fixture::{gzip, parquet_bytes, rows, server, web};
use crate::store_server::Failure;

#[tokio::test]
async fn delimited_text_is_one_object_a_folder_or_a_pattern() {
    let server = server();
    let text = "a,b\n1,x\n2,y\n";
    server.put("text", "one.csv", text);
    server.put("text", "zip.csv", gzip(text));
    server.put("text", "zst.csv", zstd::encode_all(text.as_bytes(), 1).unwrap());
    server.put("text", "t.tsv", text.replace(',', "\t"));
    for key in ["one.csv", "zip.csv", "zst.csv"] {
        assert_eq!(rows(&csv(format!("s3://text/{key}"))).await.unwrap(), ["a,b", "1,x", "2,y"], "{key}");
    }
    assert_eq!(rows(&tsv("s3://text/t.tsv")).await.unwrap(), ["a,b", "1,x", "2,y"]);
    // More than a page of the list, columns in any order, and what is left out.
    for part in (0..8).rev() {
        server.put("text", &format!("parts/{part}/a b+c%20={part}.csv"), format!("b,a\nz,{part}\n"));
    }
    server.put("text", "parts/_log.csv", "no");
    server.put("text", "parts/.hidden/deep/x.csv", "no");
    server.put("text", "parts/readme.txt", "no");
    server.put("text", "parts2/x.csv", "no");
    let expected: Vec<String> =
        std::iter::once("b,a".to_owned()).chain((0..8).map(|part| format!("z,{part}"))).collect();
    for path in ["s3://text/parts", "s3://text/parts/", "s3://text/parts/*/*.csv", "s3://text/p*ts/**/a*=?.csv"] {
        assert_eq!(rows(&csv(path)).await.unwrap(), expected, "{path}");
    }
    assert!(server.requests("text").iter().all(|request| request.signed));
}

#[tokio::test]
async fn lines_of_json_and_arrays_are_read() {
    server().put("json", "lines/a.jsonl", "{\"x\": 1}\n{\"x\": 2}\n");
    server().put("json", "lines/b.ndjson", "{\"x\": 3}\n");
    server().put("json", "array.json", "[{\"x\": 1},\n {\"x\": 2}]");
    assert_eq!(rows(&json_lines("s3://json/lines")).await.unwrap(), ["x", "1", "2", "3"]);
    assert_eq!(rows(&json_lines("s3://json/array.json")).await.unwrap(), ["x", "1", "2"]);
    let whole: String = (0..50_000).map(|x| format!("{{\"x\": {x}}}\n")).collect();
    server().put("json", "long.jsonl", &whole);
    assert_eq!(rows(&json_lines("s3://json/long.jsonl").limit(30_000)).await.unwrap().len(), 30_001);
}

#[tokio::test]
async fn parquet_is_read_with_the_columns_of_its_paths_and_in_ranges() {
    let server = server();
    server.put("table", "one.parquet", parquet_bytes(vec![1, 2]));
    assert_eq!(rows(&parquet("s3://table/one.parquet")).await.unwrap(), ["x", "1", "2"]);
    server.put("table", "hive/label=cat/a.parquet", parquet_bytes(vec![0]));
    server.put("table", "hive/label=big%20dog/a.parquet", parquet_bytes(vec![1]));
    assert_eq!(rows(&parquet("s3://table/hive")).await.unwrap(), ["x,label", "1,big dog", "0,cat"]);
    for (part, name) in [(0, "train-0.parquet"), (1, "train-1.parquet"), (2, "test-0.parquet")] {
        server.put("table", &format!("hub/{name}"), parquet_bytes(vec![part]));
    }
    let expected = ["x,split", "2,test", "0,train", "1,train"];
    assert_eq!(rows(&parquet("s3://table/hub/*.parquet")).await.unwrap(), expected);
    // Nobody has asked for a whole file.
    let gets =
        server.requests("table").into_iter().filter(|request| request.method == "GET" && !request.key.is_empty());
    assert!(gets.clone().count() > 0 && gets.clone().all(|request| request.range.is_some()));
}

#[tokio::test]
async fn one_file_of_a_web_server_is_read() {
    server().put("site", "a b.csv", "a\n1\n");
    server().put("site", "t.parquet", parquet_bytes(vec![7]));
    server().put("site", "t.jsonl", "{\"x\": 1}\n");
    assert_eq!(rows(&csv(web("site", "a%20b.csv"))).await.unwrap(), ["a", "1"]);
    assert_eq!(rows(&csv(web("site", "a%20b.csv?download=1"))).await.unwrap(), ["a", "1"]);
    let found = server().requests("site");
    assert!(found.iter().any(|request| request.parameter("download") == Some("1")) && !found[0].signed);
    // Tables of one session whose addresses differ in the query alone.
    let (one, two) = (parquet(web("site", "t.parquet")), parquet(web("site", "t.parquet?v=2")));
    let both = sql("SELECT a.x + b.x AS x FROM a, b").table("a", one).table("b", two);
    assert_eq!(rows(&Dataset::from(both)).await.unwrap(), ["x", "14"]);
    assert_eq!(rows(&json_lines(web("site", "t.jsonl"))).await.unwrap(), ["x", "1"]);
}

#[tokio::test]
async fn a_signed_address_that_is_for_reading_alone_is_enough() {
    for (status, name) in [(403, "a"), (405, "b"), (501, "c")] {
        server().put("signed", name, parquet_bytes(vec![1]));
        server().fail("signed", name, Failure::Head(status), 100);
        let dataset = parquet(web("signed", &format!("{name}?signature=x%2By")));
        assert_eq!(rows(&dataset).await.unwrap(), ["x", "1"], "{status}");
        let print = dataset.fingerprint().unwrap();
        assert_eq!(print[0].1, parquet_bytes(vec![1]).len() as u64);
    }
}

#[tokio::test]
async fn google_and_azure_answer_likewise() {
    for part in 0..2 {
        server().put("cloud", &format!("t/{part}.csv"), format!("x\n{part}\n"));
        server().put("cloud", &format!("p/{part}.parquet"), parquet_bytes(vec![part]));
    }
    for root in ["gs://cloud", "az://cloud", "abfss://cloud@someone.dfs.core.windows.net"] {
        assert_eq!(rows(&csv(format!("{root}/t/*.csv"))).await.unwrap(), ["x", "0", "1"], "{root}");
        assert_eq!(rows(&parquet(format!("{root}/p"))).await.unwrap(), ["x", "0", "1"], "{root}");
    }
}

#[tokio::test]
async fn an_address_survives_in_plans() {
    server().put("plan", "folder/t.csv", "x\n1\n");
    let dataset = csv("s3://plan/folder/t.csv");
    let json = serde_json::to_string(&dataset.plan()).unwrap();
    assert!(json.contains("\"s3://plan/folder/t.csv\""), "{json}");
    let again = Dataset::from_plan(&serde_json::from_str(&json).unwrap(), &SOURCES).unwrap();
    assert_eq!((again.name().as_str(), rows(&again).await.unwrap().len()), ("s3://plan/folder/t.csv", 2));
}

#[test]
fn fingerprints_change_with_the_object_and_do_not_read_it() {
    for (bucket, whole) in [("print", false), ("bare-print", true)] {
        server().put(bucket, "t.csv", "x\n1\n");
        server().put(bucket, "u.csv", "x\n1\n");
        // A web server need not tell anything but the length: then the content is hashed.
        let dataset = match whole {
            true => csv(web(bucket, "t.csv")),
            false => csv(format!("s3://{bucket}/*.csv")),
        };
        let before = dataset.fingerprint().unwrap();
        assert_eq!((before[0].1, before.len()), (4, if whole { 1 } else { 2 }));
        assert_eq!(dataset.fingerprint().unwrap(), before);
        server().put(bucket, "t.csv", "x\n2\n");
        let after = dataset.fingerprint().unwrap();
        assert!(after[0].2 != before[0].2 && after[1..] == before[1..]);
        assert_eq!(server().requests(bucket).iter().any(|r| r.method == "GET" && !r.key.is_empty()), whole);
    }
}
