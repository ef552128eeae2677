//! What is not there, not ours, or not reachable is named, with what to do about it.

use std::path::Path;

use relata_data::DataError;
use relata_data::source::{csv, idx, image_folder, json_lines, parquet};

use crate::fixture::{parquet_bytes, refused, server, web};
use crate::store_server::Failure;

#[tokio::test]
async fn a_missing_key_is_named_with_its_neighbours() {
    server().put("shelf", "data/digits.csv", "x\n1\n");
    server().put("shelf", "data/notes.txt", "");
    for (dataset, missing, hint) in [
        (csv("s3://shelf/data/digit.csv"), "s3://shelf/data/digit.csv", "In `s3://shelf/data` there is digits.csv"),
        (csv("s3://shelf/date"), "s3://shelf/date", "In `s3://shelf/` there is data/"),
        (csv("s3://shelf/no/x.csv"), "s3://shelf/no/x.csv", "nothing in `s3://shelf/no`"),
        (csv("s3://shelf/data/*.tsv"), "s3://shelf/data/*.tsv", "No object matches"),
        (parquet("s3://shelf/data"), "s3://shelf/data/*.parquet", "no file that ends in .parquet or .pq"),
        (json_lines("s3://nowhere/x.jsonl"), "s3://nowhere/", "no such bucket"),
        (csv("gs://shelf/data/digit.csv"), "gs://shelf/data/digit.csv", "digits.csv"),
    ] {
        let error = refused(&dataset).await;
        assert!(matches!(&error, DataError::Missing { path, .. } if path == Path::new(missing)), "{error}");
        assert!(error.to_string().contains(hint), "{error}");
        assert!(dataset.fingerprint().is_err());
    }
    let error = refused(&csv(web("shelf", "data/digit.csv"))).await;
    assert!(matches!(&error, DataError::Missing { .. }), "{error}");
}

#[tokio::test]
async fn a_refusal_names_the_variables() {
    let server = server();
    server.put("secret", "t.csv", "x\n1\n");
    server.put("secret", "t.parquet", parquet_bytes(vec![1]));
    for key in ["t.csv", "t.parquet", ""] {
        server.fail("secret", key, Failure::Status(403, "AccessDenied"), 1000);
    }
    for (dataset, variable) in [
        (csv("s3://secret/t.csv"), "AWS_ACCESS_KEY_ID"),
        (parquet("s3://secret/t.parquet"), "AWS_SECRET_ACCESS_KEY"),
        (csv("s3://secret/*.csv"), "AWS_REGION"),
        (csv("gs://secret/t.csv"), "GOOGLE_APPLICATION_CREDENTIALS"),
        (csv("az://secret/t.csv"), "AZURE_STORAGE_ACCOUNT_KEY"),
    ] {
        let error = refused(&dataset).await;
        let text = error.to_string();
        assert!(matches!(&error, DataError::Denied { address, .. } if *address == dataset.name()), "{text}");
        assert!(text.contains(variable) && text.contains("403") | text.contains("AccessDenied"), "{text}");
    }
    let error = refused(&csv(web("secret", "t.csv"))).await;
    assert!(matches!(&error, DataError::Denied { .. }) && error.to_string().contains("server refuses"), "{error}");
}

#[tokio::test]
async fn a_refusal_between_two_requests_is_told_by_the_query_too() {
    let server = server();
    server.put("late", "t.parquet", parquet_bytes((0..1000).collect()));
    let table = parquet("s3://late/t.parquet").table(&relata_data::source::session()).await.unwrap();
    server.fail("late", "t.parquet", Failure::Status(403, "ExpiredToken"), 1000);
    let error = relata_data::query::collect(table).await.unwrap_err();
    let error = relata_data::source::read_error("s3://late/t.parquet", error);
    assert!(matches!(&error, DataError::Denied { .. }) && error.to_string().contains("403"), "{error}");
}

#[tokio::test]
async fn a_web_server_has_no_list() {
    server().put("pages", "a.csv", "x\n1\n");
    for key in ["", "folder/", "*.csv"] {
        let error = refused(&csv(web("pages", key))).await.to_string();
        assert!(error.contains("Name the file") && error.contains("no list"), "{error}");
    }
}

#[tokio::test]
async fn a_host_that_is_not_there_is_named() {
    // No program listens at this port, which is reserved.
    let error = refused(&csv("http://127.0.0.1:1/t.csv")).await;
    assert!(
        matches!(&error, DataError::Unreachable { address, .. } if address == "http://127.0.0.1:1/t.csv"),
        "{error}"
    );
    assert!(error.to_string().contains("refused") && error.to_string().contains("host"), "{error}");
}

#[tokio::test]
async fn damaged_files_are_named() {
    let whole = parquet_bytes((0..1000).collect());
    server().put("damaged", "p/a.parquet", &whole);
    for bytes in [&whole[..whole.len() / 2], &whole[..5], b""] {
        server().put("damaged", "p/b.parquet", bytes);
        let error = refused(&parquet("s3://damaged/p")).await;
        let named =
            matches!(&error, DataError::Unreadable { path, .. } if path == Path::new("s3://damaged/p/b.parquet"));
        assert!(named, "{error}");
    }
    server().put("damaged", "t.csv", "a,b\n1,2\n3\n");
    let error = refused(&csv("s3://damaged/t.csv")).await.to_string();
    assert!(error.contains("s3://damaged/t.csv") && error.contains("row 1"), "{error}");
    server().put("damaged", "empty.csv", "");
    assert!(matches!(refused(&csv("s3://damaged/empty.csv")).await, DataError::Empty { .. }));
    for images in [image_folder("s3://damaged/images").into(), idx("s3://damaged/x-ubyte").into()] {
        let error: DataError = refused(&images).await;
        assert!(error.to_string().contains("Copy the images here"), "{error}");
    }
    let error = refused(&csv("ftp://host/t.csv")).await.to_string();
    assert!(error.contains("ftp://") && error.contains("s3://"), "{error}");
}
