//! How a run is started, watched and cancelled, and how it fails.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use relata::dsl::{Pipeline, Ready};
use relata::prelude::*;
use relata::progress::{Progress, Stage};
use relata::store::Score;

use crate::child::{Job, command};
use crate::data;

/// Points on a circle, which train for a moment.
fn pipeline(folder: &Path) -> Pipeline<Ready> {
    let samples = data::text_file(folder, "circle.csv", &data::circle(40, 2));
    let related = Pipeline::read(csv(samples)).relate(same_label("label"));
    related.train(mlp([3]), vicreg(), data::short_fit()).evaluate(knn("label")).write(folder.join("run"))
}

#[test]
fn a_run_needs_no_runtime() {
    let folder = tempfile::tempdir().unwrap();
    let run = pipeline(folder.path()).run().unwrap();
    assert!(run.is_finished() && run.embeddings().exists());
}

#[tokio::test]
async fn a_run_may_be_started_inside_a_runtime_in_either_way() {
    let folder = tempfile::tempdir().unwrap();
    let first = pipeline(folder.path()).run().unwrap();
    let bits = data::embedding_bits(first.folder());
    std::fs::remove_dir_all(first.folder()).unwrap();
    let second = pipeline(folder.path()).run_async().await.unwrap();
    assert!(data::embedding_bits(second.folder()) == bits);
}

/// Writes down what it is told.
#[derive(Debug, Default, Clone)]
struct Told(Arc<Mutex<Vec<String>>>);

impl Told {
    fn add(&self, text: impl Into<String>) {
        self.0.lock().unwrap().push(text.into());
    }
}

impl Progress for Told {
    fn started(&self, stage: &Stage) {
        self.add(stage.name);
    }

    fn finished(&self, stage: &Stage, done: u64, message: &str) {
        let skipped = message.split_once(" skipped").map(|(_, counts)| counts).unwrap_or_default();
        self.add(format!("{} {done}{skipped}", stage.name));
    }

    fn found(&self, stage: &'static str) {
        self.add(format!("{stage} found"));
    }

    fn summarised(&self, scores: &[Score]) {
        self.add(format!("knn {}", scores.iter().any(|score| score.name == "knn.test" && score.raw.is_some())));
    }
}

#[test]
fn progress_is_told_of_every_stage_in_order_and_of_what_was_measured() {
    let folder = tempfile::tempdir().unwrap();
    let told = Told::default();
    let run = pipeline(folder.path()).progress(told.clone()).run().unwrap();
    let expected =
        ["read", "read 40", "relate", "relate 1", "baseline", "baseline 1", "train", "embed", "embed 40", "evaluate"];
    let first = told.0.lock().unwrap().clone();
    let without_steps: Vec<&String> = first.iter().filter(|line| !line.starts_with("train ")).collect();
    assert_eq!(without_steps[..10], expected);
    assert_eq!(without_steps[10..], ["evaluate 1", "knn true"]);
    let scores = run.scores().unwrap();
    assert!(scores.iter().any(|score| score.name == "knn.test"), "{scores:?}");
    told.0.lock().unwrap().clear();
    pipeline(folder.path()).progress(told.clone()).run().unwrap();
    let again = told.0.lock().unwrap().clone();
    assert_eq!(again, ["read found", "train found", "embed found", "evaluate found", "knn true"]);
}

#[test]
fn pairs_of_edge_files_that_are_skipped_are_told_of() {
    let folder = tempfile::tempdir().unwrap();
    let samples = data::text_file(folder.path(), "circle.csv", &data::circle(10, 2));
    let file = data::text_file(folder.path(), "e.csv", "src,dst,label\n0,1,match\n2,3,unsure\n4,4,match\n5,99,match\n");
    let told = Told::default();
    let related = Pipeline::read(csv(samples)).relate(edges(file).skip_unknown().skip_self().weighted(0.5));
    let trained = related.train(mlp([3]), vicreg(), data::short_fit()).write(folder.path().join("run"));
    trained.progress(told.clone()).run().unwrap();
    let told = told.0.lock().unwrap().clone();
    let expected = "relate 1 (1 unsure, 1 with unknown ids, 1 of a sample with itself)";
    assert!(told.iter().any(|line| line == expected), "{told:?}");
}

#[test]
fn a_cancelled_run_goes_on_when_it_is_started_again() {
    let folder = tempfile::tempdir().unwrap();
    let cancel = Cancel::new();
    cancel.cancel();
    let error = pipeline(folder.path()).cancel_with(cancel).run().err().unwrap();
    assert!(matches!(&error, PipelineError::Cancelled { stage: "relate", .. }), "{error}");
    assert!(error.to_string().contains("Run the same pipeline again"), "{error}");
    assert!(pipeline(folder.path()).run().unwrap().is_finished());
}

#[test]
fn the_library_prints_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output =
        command(Job::RunAndTell, folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(told.contains("the run ended") && errors.is_empty(), "{told}{errors}");
}

#[test]
fn a_main_that_fails_prints_the_message_and_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let mut main = command(Job::FailInMain, folder.path());
    let output = main.stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success(), "{text}");
    assert!(text.contains("Error: ") && text.contains("missing.csv"), "{text}");
    assert!(!text.contains("Data(") && !text.contains(" { "), "{text}");
}
