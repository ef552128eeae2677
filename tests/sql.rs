//! The scripts in `tests/sql`, each against a fresh session over two small runs: `plain` and `asked`.

use std::path::{Path, PathBuf};

use arrow::util::display::{ArrayFormatter, FormatOptions};
use async_trait::async_trait;
use relata::prelude::*;
use relata::sql::{SqlError, query, session};
use relata_data::{DataError, Session};
use sqllogictest::{AsyncDB, DBOutput, DefaultColumnType, Runner};

use crate::data;

struct Relata(Session);

#[async_trait]
impl AsyncDB for Relata {
    type Error = SqlError;
    type ColumnType = DefaultColumnType;

    async fn run(&mut self, text: &str) -> Result<DBOutput<DefaultColumnType>, SqlError> {
        let table = query(&self.0, text).await?;
        let types = vec![DefaultColumnType::Text; table.schema().fields().len()];
        let options = FormatOptions::default().with_null("NULL");
        let mut rows = Vec::new();
        for batch in relata_data::query::collect(table).await? {
            let columns = batch.columns().iter().map(|column| ArrayFormatter::try_new(column, &options).unwrap());
            let columns: Vec<_> = columns.collect();
            let text = |row: usize| columns.iter().map(|column| column.value(row).to_string()).collect::<Vec<_>>();
            rows.extend((0..batch.num_rows()).map(text));
        }
        Ok(DBOutput::Rows { types, rows })
    }

    async fn shutdown(&mut self) {}

    fn engine_name(&self) -> &str {
        "relata"
    }
}

/// Twelve points on a circle in three classes: one run with labels as groups, one that asks about eight pairs.
async fn runs(folder: &Path) -> Vec<Run> {
    let samples = data::text_file(folder, "samples.csv", &data::circle(12, 3));
    let read = || Pipeline::read(csv(&samples));
    let closed = || closed_form(Kernel::Rbf { width: 1.0 }, 2);
    let plain = read().relate(same_label("label").signed()).solve(closed()).evaluate(knn("label"));
    let asked = read().ask(labels("label"), random_pairs().budget(8.0).per_round(4)).solve(closed());
    vec![
        plain.write(folder.join("plain")).run_async().await.unwrap(),
        asked.write(folder.join("asked")).run_async().await.unwrap(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn scripts() {
    let folder = tempfile::tempdir().unwrap();
    let runs = runs(folder.path()).await;
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sql");
    let mut found: Vec<PathBuf> = std::fs::read_dir(scripts)
        .map_err(DataError::io("tests/sql"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "slt"))
        .collect();
    found.sort();
    assert!(found.len() >= 5, "{found:?}");
    for script in found {
        let mut runner = Runner::new(|| async { session(&runs).await.map(Relata) });
        runner.run_file_async(&script).await.unwrap_or_else(|error| panic!("{}: {error}", script.display()));
    }
}
