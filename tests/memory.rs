//! Peak memory of embedding and of evaluation: four times the rows take hardly more.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray, UInt64Array};
use rand::RngExt;
use relata::prelude::*;
use relata_data::seed;
use relata_data::sink::ParquetSink;

use crate::data;

const WIDTH: usize = 64;
const FEW: usize = 100_000;
const MANY: usize = 400_000;
/// Rows that are written at once, as a row group.
const GROUP: usize = 10_000;
/// The share of the added rows' numbers that may stay in memory.
const SHARE: f64 = 0.25;
/// Runs of a command, the least of which counts: batches pile up where a thread had to wait for a busy machine.
const RUNS: usize = 3;

fn samples(path: &Path, column: &str, rows: usize) {
    let mut random = seed::stream(3, &[]);
    let mut sink: Option<ParquetSink> = None;
    for first in (0..rows).step_by(GROUP) {
        let ids: ArrayRef = Arc::new(UInt64Array::from_iter_values((first..first + GROUP).map(|r| r as u64)));
        let values = data::vectors((0..GROUP * WIDTH).map(|_| random.random_range(-1.0..1.0)).collect(), WIDTH);
        let labels: ArrayRef = Arc::new(Int32Array::from_iter_values((0..GROUP).map(|row| (row % 5) as i32)));
        // Few test rows, since each is compared with all training rows.
        let sides = (0..GROUP).map(|row| if row % 100 == 0 { "test" } else { "train" });
        let sides: ArrayRef = Arc::new(StringArray::from_iter_values(sides));
        let columns = [("id", ids), (column, values), ("label", labels), ("split", sides)];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let sink = sink.get_or_insert_with(|| ParquetSink::create(path, batch.schema()).unwrap());
        sink.write(&batch).unwrap();
    }
    sink.unwrap().finish().unwrap();
}

/// The peak resident memory of a command of `relata`, in bytes, the least of several runs.
fn peak(arguments: &[&str], folder: &Path) -> f64 {
    (0..RUNS).map(|_| peak_of_one(arguments, folder)).fold(f64::INFINITY, f64::min)
}

/// The peak resident memory of one run of a command, as the system has counted it.
fn peak_of_one(arguments: &[&str], folder: &Path) -> f64 {
    let mut command = Command::new(env!("CARGO_BIN_EXE_relata"));
    let quiet = command.args(arguments).current_dir(folder).stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = quiet.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut kilobytes = 0.0;
    while child.try_wait().unwrap().is_none() {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(kilobytes);
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(child.wait().unwrap().success(), "{arguments:?}");
    kilobytes * 1024.0
}

fn grows_little(what: &str, few: f64, many: f64) {
    let added = ((MANY - FEW) * WIDTH * 4) as f64;
    assert!(few > 0.0 && many - few < SHARE * added, "{what}: {few} bytes for {FEW} rows, {many} for {MANY}");
}

#[tokio::test]
async fn embedding_takes_the_same_memory_for_any_number_of_rows() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    samples(&at.join("few.parquet"), "features", FEW);
    samples(&at.join("many.parquet"), "features", MANY);
    let related =
        Pipeline::read(parquet(at.join("few.parquet")).features("features")).train_on("id < 200").views(2, noise(0.1));
    let trained = related.relate(same_sample()).train(mlp([16, 8]), vicreg(), data::short_fit());
    trained.write(at.join("run")).run_async().await.unwrap();
    let embed = |name: &str| peak(&["embed", "run", "--data", name, "--output", "embedded.parquet"], at);
    grows_little("embedding", embed("few.parquet"), embed("many.parquet"));
}

#[test]
fn evaluation_takes_the_same_memory_for_any_number_of_rows() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    samples(&at.join("few.parquet"), "embedding", FEW);
    samples(&at.join("many.parquet"), "embedding", MANY);
    let probe = |name: &str| peak(&["probe", "--embeddings", name, "--label", "label", "--split", "split"], at);
    grows_little("evaluation", probe("few.parquet"), probe("many.parquet"));
}
