//! Other programs read our embeddings as they are: pyarrow, polars and DuckDB from PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;

use arrow::array::AsArray;
use arrow::datatypes::Float32Type;
use relata::prelude::*;

use crate::data;

/// Runs a command to its end; a clear failure if it cannot be found or does not succeed.
fn run(command: &mut Command, purpose: &str) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{purpose}: {error} ({command:?})"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{purpose} failed ({command:?}):\n{errors}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A Python with the three libraries, made once in the target folder.
fn python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let python = folder.join("bin/python3");
    let ready = folder.join("ready");
    if !ready.exists() {
        std::fs::remove_dir_all(&folder).ok();
        run(
            Command::new("python3").args(["-m", "venv"]).arg(&folder),
            "this test needs Python 3 with its module venv; making an environment",
        );
        run(
            Command::new(&python).args(["-m", "pip", "install", "--quiet", "pyarrow", "polars", "duckdb"]),
            "this test needs pyarrow, polars and duckdb from a Python package index; installing them",
        );
        std::fs::write(ready, "").unwrap();
    }
    python
}

#[tokio::test]
async fn pyarrow_polars_and_duckdb_read_the_embeddings() {
    let folder = tempfile::tempdir().unwrap();
    let related = Pipeline::read(parquet(data::digits())).views(2, noise(0.1)).relate(same_sample());
    let trained = related.train(mlp([6]), vicreg(), data::short_fit());
    let run_folder = trained.write(folder.path()).run_async().await.unwrap();
    let table = data::read_parquet(&run_folder.embeddings());
    let list = table["embedding"].as_fixed_size_list();
    let values = list.values().as_primitive::<Float32Type>().values();
    let sum: f64 = values.iter().map(|&v| f64::from(v)).sum();

    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/formats/read_embeddings.py");
    let answer = run(Command::new(python()).arg(script).arg(run_folder.embeddings()), "reading the embeddings");
    let lines: Vec<&str> = answer.lines().collect();
    assert_eq!(lines.len(), 3, "{answer}");
    for (line, reader) in lines.into_iter().zip(["pyarrow", "polars", "duckdb"]) {
        let fields: Vec<&str> = line.split('\t').collect();
        assert_eq!(fields[..4], [reader, "1797", "6", "id,embedding,label,split"], "{answer}");
        let numbers: Vec<f64> = fields[4..].iter().map(|field| field.parse().unwrap()).collect();
        let (last, total) = (f64::from(values[values.len() - 1]), numbers[1]);
        assert_eq!(numbers[0], last, "{reader}: the last number of the last row");
        assert!((total - sum).abs() <= 1e-6 * values.len() as f64, "{reader}: {total} instead of {sum}");
    }
}
