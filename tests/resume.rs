//! Runs that are killed, changed or started twice.

use std::path::Path;
use std::time::{Duration, Instant};

use rand::RngExt;
use relata::dsl::{Pipeline, Ready};
use relata::prelude::*;
use relata::store::StoreError;
use relata_data::seed;

use crate::child::{Job, command, kill, start_until};
use crate::data;

/// A short run on the digits with many checkpoints.
pub fn pipeline(folder: &Path, epochs: u64) -> Pipeline<Ready> {
    Pipeline::read(parquet(data::digits()))
        .views(2, noise(0.1))
        .relate(same_sample())
        .relate(same_label("label").rows(100))
        .train(
            mlp([64, 32]).project([32]),
            vicreg(),
            Fit::epochs(epochs).batch(128).seed(3).checkpoint_steps(2).device(DeviceChoice::Cpu),
        )
        .evaluate(knn("label"))
        .write(folder)
}

/// Runs a child until it ends by itself.
fn finish(folder: &Path) {
    let output = command(Job::Train, folder).stderr(std::process::Stdio::piped()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The embeddings of a run that nobody disturbed, and how long it took.
fn undisturbed() -> (Vec<u32>, Duration) {
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    finish(folder.path());
    (data::embedding_bits(folder.path()), start.elapsed())
}

#[test]
fn a_run_killed_at_random_moments_ends_with_the_same_bits() {
    let (expected, time) = undisturbed();
    assert_eq!(expected.len(), 1797 * 32);
    let mut kills = 0;
    for seed in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let mut random = seed::stream(seed, &[]);
        for _ in 0..8 {
            let mut child = command(Job::Train, folder.path()).spawn().unwrap();
            std::thread::sleep(time.mul_f64(random.random_range(0.02..0.3)));
            if child.try_wait().unwrap().is_some() {
                break;
            }
            kills += 1;
            kill(child);
        }
        finish(folder.path());
        assert!(data::embedding_bits(folder.path()) == expected, "seed {seed}: other embeddings");
    }
    assert!(kills >= 6, "only {kills} processes were still running when they were to be killed");
}

#[test]
fn a_run_killed_after_every_stage_ends_with_the_same_bits() {
    let (expected, _) = undisturbed();
    let folder = tempfile::tempdir().unwrap();
    let written = [
        "run.json",
        "features.arrow",
        "samples.parquet",
        "memberships.parquet",
        "edges.parquet",
        "graph.json",
        "plots/views.png",
        "checkpoints/latest.json",
        "embeddings.parquet",
        "metrics.parquet",
    ];
    for name in written {
        kill(start_until(Job::Train, folder.path(), name));
    }
    finish(folder.path());
    assert!(data::embedding_bits(folder.path()) == expected, "other embeddings");
    let leftovers = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
    let leftovers: Vec<_> = leftovers.filter(|path| path.extension().is_some_and(|e| e == "tmp")).collect();
    assert!(leftovers.is_empty(), "{leftovers:?}");
}

#[tokio::test]
async fn a_changed_plan_is_refused_with_the_difference_and_the_run_stays() {
    let folder = tempfile::tempdir().unwrap();
    pipeline(folder.path(), 1).run_async().await.unwrap();
    let before = data::embedding_bits(folder.path());
    let error = pipeline(folder.path(), 2).run_async().await.err().unwrap();
    let PipelineError::Store(StoreError::PlanChanged { difference, .. }) = &error else { panic!("{error}") };
    assert_eq!(difference, &["  train.fit.epochs: 1 -> 2"]);
    let text = error.to_string();
    assert!(text.contains(&folder.path().display().to_string()) && text.contains("another folder"), "{text}");
    pipeline(folder.path(), 1).run_async().await.unwrap();
    assert!(data::embedding_bits(folder.path()) == before);
}

#[tokio::test]
async fn a_changed_input_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let input = data::text_file(folder.path(), "circle.csv", &data::circle(40, 2));
    let run = folder.path().join("run");
    let pipeline = || {
        let related = Pipeline::read(csv(&input)).relate(same_label("label"));
        related.train(mlp([3]), vicreg(), data::short_fit()).write(&run)
    };
    pipeline().run_async().await.unwrap();
    data::text_file(folder.path(), "circle.csv", &data::circle(41, 2));
    let error = pipeline().run_async().await.err().unwrap();
    let PipelineError::Store(StoreError::PlanChanged { difference, .. }) = &error else { panic!("{error}") };
    assert!(difference.iter().any(|line| line.starts_with("  inputs.0.bytes: ")), "{difference:?}");
}

#[tokio::test]
async fn two_processes_do_not_work_in_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    let child = start_until(Job::TrainForLong, folder.path(), "checkpoints/latest.json");
    let error = pipeline(folder.path(), 1_000_000).run_async().await.err().unwrap();
    kill(child);
    assert!(
        matches!(&error, PipelineError::Store(StoreError::Locked { folder: locked }) if locked == folder.path()),
        "{error}"
    );
    assert!(error.to_string().contains("another process"), "{error}");
    // The system frees the lock of a process that is gone.
    let error = pipeline(folder.path(), 3).run_async().await.err().unwrap();
    assert!(matches!(error, PipelineError::Store(StoreError::PlanChanged { .. })), "{error}");
}
