//! Files as other programs read them: embeddings by pyarrow, polars and DuckDB, and weights by NumPy, all from PyPI.

use std::path::Path;

use arrow::array::AsArray;
use arrow::datatypes::Float32Type;
use relata::prelude::*;

use crate::data;
use crate::python::{run, script};

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

    let answer = run(script("read_embeddings.py").arg(run_folder.embeddings()), "reading the embeddings");
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
    let weights = checkpoints
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "safetensors"));
    let latest = weights.max().unwrap();
    let mut command = script("embed_from_weights.py");
    command.args([encoder, head]).args([&latest, data, &run_folder.embeddings()]);
    let answer = run(&mut command, "computing an embedding from the weights");
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
