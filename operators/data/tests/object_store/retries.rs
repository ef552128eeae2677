//! Requests that fail for a while are repeated, and connections that break are taken up where they ended.

use relata_data::DataError;
use relata_data::query::collect;
use relata_data::source::{csv, json_lines, parquet, read_error, session};

use crate::fixture::{parquet_bytes, refused, rows, server, web};
use crate::store_server::Failure;

/// So many bytes that no buffer holds them.
fn long_text() -> String {
    std::iter::once("x\n".to_owned()).chain((0..400_000).map(|x| format!("{x}\n"))).collect()
}

#[tokio::test]
async fn a_store_that_is_busy_is_asked_again() {
    let server = server();
    server.put("busy", "t.csv", "x\n1\n");
    server.put("busy", "t.parquet", parquet_bytes(vec![1]));
    for key in ["", "t.csv", "t.parquet"] {
        server.fail("busy", key, Failure::Status(503, "SlowDown"), 2);
    }
    assert_eq!(rows(&csv("s3://busy/*.csv")).await.unwrap(), ["x", "1"]);
    assert_eq!(rows(&parquet("s3://busy")).await.unwrap(), ["x", "1"]);
}

#[tokio::test]
async fn a_broken_connection_is_taken_up_where_it_ended() {
    let text = long_text();
    let server = server();
    server.put("cut", "t.csv", &text);
    server.put("cut", "t.parquet", parquet_bytes((0..100_000).collect()));
    server.put("cut", "t.jsonl", (0..100_000).map(|x| format!("{{\"x\": {x}}}\n")).collect::<String>());
    // The first look at the file is the first request.
    for (bytes, times) in [(10, 2), (1000, 2), (1_000_000, 4)] {
        server.fail("cut", "t.csv", Failure::CutAfter(bytes), times);
    }
    server.fail("cut", "t.parquet", Failure::CutAfter(100), 2);
    server.fail("cut", "t.jsonl", Failure::CutAfter(70_000), 2);
    let found = rows(&csv("s3://cut/t.csv")).await.unwrap();
    assert!(found.len() == 400_001 && found[400_000] == "399999");
    assert_eq!(rows(&parquet("s3://cut/t.parquet")).await.unwrap().len(), 100_001);
    assert_eq!(rows(&json_lines("s3://cut/t.jsonl")).await.unwrap().len(), 100_001);
    let resumed = server.requests("cut").into_iter().filter(|r| r.key == "t.csv" && r.range.is_some());
    assert!(resumed.count() >= 5);
}

#[tokio::test]
async fn a_server_without_tags_is_taken_up_only_if_it_tells_times() {
    server().put("bare-cut", "t.csv", long_text());
    server().fail("bare-cut", "t.csv", Failure::CutAfter(1000), 1);
    let error = refused(&csv(web("bare-cut", "t.csv"))).await;
    assert!(matches!(&error, DataError::Unreachable { .. }) && error.to_string().contains("t.csv"), "{error}");
}

#[tokio::test]
async fn a_connection_that_breaks_for_ever_is_an_error() {
    server().put("broken", "t.csv", long_text());
    server().fail("broken", "t.csv", Failure::CutAfter(0), 10_000);
    let error = refused(&csv("s3://broken/t.csv")).await;
    assert!(matches!(&error, DataError::Unreachable { address, .. } if address == "s3://broken/t.csv"), "{error}");
}

#[tokio::test]
async fn an_object_that_is_replaced_after_its_types_were_told_is_an_error() {
    server().put("later", "t.csv", "x\n1\n2\n");
    let dataset = csv("s3://later/t.csv");
    let table = dataset.table(&session()).await.unwrap();
    // Would be two nulls in a column of whole numbers.
    server().put("later", "t.csv", "x\na\nb\n");
    let error = read_error(&dataset.name(), collect(table).await.unwrap_err());
    assert!(error.to_string().contains("replaced"), "{error}");
}

#[tokio::test]
async fn an_object_that_is_replaced_while_it_is_read_is_an_error() {
    let server = server();
    server.put("swap", "t.csv", long_text());
    server.fail("swap", "t.csv", Failure::CutAfter(1000), 1);
    // The request after the broken one is answered from another version.
    let dataset = csv("s3://swap/t.csv");
    let reading = tokio::spawn(async move { refused(&dataset).await });
    while server.requests("swap").iter().all(|request| request.method != "GET") {
        tokio::task::yield_now().await;
    }
    server.put("swap", "t.csv", long_text());
    let error = reading.await.unwrap();
    assert!(error.to_string().contains("s3://swap/t.csv"), "{error}");
}
