//! Files as other programs read them: embeddings by pyarrow, polars and DuckDB, and weights by NumPy, all from PyPI.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

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

/// What the scripts import.
const PACKAGES: [&str; 5] = ["pyarrow", "polars", "duckdb", "numpy", "safetensors"];

/// A Python with these libraries, made once in the target folder.
fn python() -> &'static Path {
    static PYTHON: OnceLock<PathBuf> = OnceLock::new();
    PYTHON.get_or_init(make_python)
}

fn make_python() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let python = folder.join("bin/python3");
    let ready = folder.join("ready");
    let wanted = PACKAGES.join(" ");
    if std::fs::read_to_string(&ready).ok().as_ref() != Some(&wanted) {
        std::fs::remove_dir_all(&folder).ok();
        run(
            Command::new("python3").args(["-m", "venv"]).arg(&folder),
            "this test needs Python 3 with its module venv; making an environment",
        );
        run(
            Command::new(&python).args(["-m", "pip", "install", "--quiet"]).args(PACKAGES),
            "this test needs libraries from a Python package index; installing them",
        );
        std::fs::write(ready, wanted).unwrap();
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

/// The largest distance between embeddings and what NumPy makes of the checkpoint, relative to the largest number.
fn distance_to_numpy(encoder: &str, head: &str, run_folder: &Run, data: &Path) -> f64 {
    let checkpoints = std::fs::read_dir(run_folder.folder().join("checkpoints")).unwrap();
    let weights =
        checkpoints.map(|file| file.unwrap().path()).filter(|path| path.extension().unwrap() == "safetensors");
    let latest = weights.max().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/formats/embed_from_weights.py");
    let mut command = Command::new(python());
    let answer = run(
        command.args([script, encoder, head]).args([&latest, data, &run_folder.embeddings()]),
        "computing an embedding from the weights",
    );
    let numbers: Vec<f64> = answer.trim().split('\t').map(|number| number.parse().unwrap()).collect();
    assert!(numbers[1] > 0.0, "{answer}");
    numbers[0] / numbers[1]
}

#[tokio::test]
async fn numpy_computes_the_same_embeddings_from_the_weights() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let related = Pipeline::read(parquet(data::digits())).views(2, noise(0.1)).relate(same_sample());
    let trained = related.train(mlp([16, 8]).project([12, 6]), vicreg(), data::short_fit()).embed_projected();
    let mlp_run = trained.write(at.join("mlp")).run_async().await.unwrap();
    assert!(distance_to_numpy("mlp", "projector", &mlp_run, &data::digits()) < 1e-5);

    let file = at.join("train-images-idx3-ubyte");
    let mut bytes = vec![0, 0, 8, 3, 0, 0, 0, 120, 0, 0, 0, 9, 0, 0, 0, 8];
    bytes.extend((0..120 * 72).map(|at| (at * 37 % 251) as u8));
    std::fs::write(&file, bytes).unwrap();
    let images = || Pipeline::read(idx(&file)).views(2, noise(0.1)).relate(same_sample());
    let fit = || data::short_fit().batch(40);
    let trained = images().train(convnet().with_channels([4, 6]).project([8]), vicreg(), fit());
    let convnet_run = trained.write(at.join("convnet")).run_async().await.unwrap();
    assert!(distance_to_numpy("convnet", "encoder", &convnet_run, &file) < 1e-5);
    let trained = images().train(resnet18().with_width(2).project([8]), vicreg(), fit());
    let resnet_run = trained.write(at.join("resnet18")).run_async().await.unwrap();
    assert!(distance_to_numpy("resnet18", "encoder", &resnet_run, &file) < 1e-5);
}
