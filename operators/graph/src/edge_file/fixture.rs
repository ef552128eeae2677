//! Fixture of the tests of edge files: files from text, and their edges as rows.

use std::path::Path;

use arrow::array::AsArray;
use arrow::compute::concat_batches;
use arrow::datatypes::{Float32Type, UInt64Type};
use futures::TryStreamExt;
use relata_data::DataError;
use relata_data::source::{IdLookup, Samples, csv, ingest, session};
use relata_schemas::SchemaError;
use relata_schemas::edges::{EDGES, validate};

use super::{EdgeFile, Skipped, edges, read_placed_edges};
use crate::error::{GraphError, Result};

/// `src`, `dst`, `weight`, `rel` and `confidence`.
pub(super) type Row = (u64, u64, f32, String, f32);

/// The edges of a file, and what was skipped.
pub(super) async fn read_as(file: &EdgeFile, ids: Option<&IdLookup>) -> Result<(Vec<Row>, Skipped)> {
    let placed: Vec<_> = read_placed_edges(file, &session(), ids).await?.try_collect().await?;
    let mut skipped = Skipped::default();
    placed.iter().for_each(|placed| skipped += placed.skipped);
    let batches: Vec<_> = placed.into_iter().map(|placed| placed.edges).collect();
    let edges = concat_batches(&EDGES.schema(), &batches)?;
    validate(&edges, 0)?;
    let number = |name: &str, row| edges[name].as_primitive::<Float32Type>().value(row);
    let id = |name: &str, row| edges[name].as_primitive::<UInt64Type>().value(row);
    let rel = |row| edges["rel"].as_string::<i32>().value(row).to_owned();
    let row = |at| (id("src", at), id("dst", at), number("weight", at), rel(at), number("confidence", at));
    Ok(((0..edges.num_rows()).map(row).collect(), skipped))
}

pub(super) async fn read(path: &Path, ids: Option<&IdLookup>) -> Result<Vec<Row>> {
    Ok(read_as(&edges(path), ids).await?.0)
}

/// The edges of a text, read as settings say.
pub(super) async fn read_text_as(
    name: &str,
    text: &str,
    ids: Option<&IdLookup>,
    settings: impl FnOnce(EdgeFile) -> EdgeFile,
) -> Result<(Vec<Row>, Skipped)> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    read_as(&settings(edges(&path)), ids).await
}

pub(super) async fn read_text(name: &str, text: &str, ids: Option<&IdLookup>) -> Result<Vec<Row>> {
    Ok(read_text_as(name, text, ids, |file| file).await?.0)
}

/// The error of a text about a column or a row.
pub(super) async fn refusal(name: &str, text: &str, settings: impl FnOnce(EdgeFile) -> EdgeFile) -> SchemaError {
    match read_text_as(name, text, None, settings).await {
        Err(GraphError::Data(DataError::Schema(error))) => {
            assert!(error.table.ends_with(name), "{error}");
            error
        }
        other => panic!("{text}: {other:?}"),
    }
}

pub(super) fn edge(src: u64, dst: u64, weight: f32, rel: &str) -> Row {
    (src, dst, weight, rel.to_owned(), 1.0)
}

/// The ids of a dataset of CSV.
pub(super) async fn lookup(text: &str) -> IdLookup {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    std::fs::write(&path, text).unwrap();
    let samples: Samples = ingest(&csv(&path), &session(), folder.path(), &mut |_| {}).await.unwrap();
    IdLookup::new(&samples).unwrap()
}
