//! Pipelines that have nothing to learn from, diverge, collapse, or ask for what cannot be measured.

use std::path::Path;

use relata::dsl::{Pipeline, Related};
use relata::prelude::*;
use relata_train::TrainError;
use relata_train::encoder::IntoArchitecture;
use relata_train::fit::Fit;

use crate::data;

async fn failure(
    folder: &Path,
    related: Pipeline<Related>,
    encoder: impl IntoArchitecture,
    loss: impl GraphLoss + 'static,
    fit: Fit,
) -> PipelineError {
    related.train(encoder, loss, fit).write(folder.join("run")).run_async().await.err().unwrap()
}

fn digits() -> Pipeline<relata::dsl::Read> {
    Pipeline::read(parquet(data::digits()))
}

#[tokio::test]
async fn a_graph_without_a_positive_edge_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let samples = data::text_file(folder.path(), "samples.csv", &data::circle(10, 2));
    let negatives = data::text_file(folder.path(), "e.csv", "src,dst,weight\n0,1,-1\n2,3,-0.5\n");
    let related = Pipeline::read(csv(samples)).relate(edges(negatives));
    let error = failure(folder.path(), related, mlp([3]), vicreg(), data::short_fit()).await;
    assert!(matches!(error, PipelineError::Train(TrainError::NoPositive { rows: 10, views: 1 })), "{error}");
    assert!(error.to_string().contains("10 training rows") && error.to_string().contains("same_sample()"), "{error}");
}

#[tokio::test]
async fn relations_of_other_rows_are_no_positives() {
    let folder = tempfile::tempdir().unwrap();
    let samples = data::text_file(folder.path(), "samples.csv", &data::circle(10, 2));
    let none = |error: PipelineError| {
        let text = error.to_string();
        assert!(matches!(error, PipelineError::Train(TrainError::NoPositive { views: 1, .. })), "{text}");
        assert!(text.contains(".views(2, ..)") && text.contains("one view each"), "{text}");
    };
    let read = || Pipeline::read(csv(&samples));
    let at = |name: &str| folder.path().join(name);
    let others = data::text_file(folder.path(), "e.csv", "src,dst\n5,6\n7,8\n");
    let apart = read().train_on("id < 5").relate(edges(others));
    none(failure(&at("others"), apart, mlp([3]), vicreg(), data::short_fit()).await);
    // A label that one training row has relates it to nobody.
    let single = read().train_on("id < 5").relate(same_value("CASE WHEN id = 3 THEN 1 END"));
    none(failure(&at("single"), single, mlp([3]), vicreg(), data::short_fit()).await);

    let one = || read().train_on("id = 3").views(2, noise(0.1)).relate(same_sample());
    let error = failure(&at("one"), one(), mlp([3]), vicreg(), data::short_fit()).await;
    assert!(matches!(error, PipelineError::Train(TrainError::TooFewRows { rows: 1 })), "{error}");
    assert!(error.to_string().contains("there is one sample to train on"), "{error}");
    let error = one().solve(closed_form(Kernel::Linear, 1)).write(at("one solved")).run_async().await.err().unwrap();
    assert!(matches!(error, PipelineError::Train(TrainError::TooFewRows { rows: 1 })), "{error}");
}

#[tokio::test]
async fn a_label_that_no_evaluation_can_read_is_named_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let samples = data::text_file(folder.path(), "samples.csv", &data::circle(10, 2));
    // The second is a column, but has become a feature.
    for wrong in ["lable", "x"] {
        let run = folder.path().join(wrong);
        let related = Pipeline::read(csv(&samples).feature_columns(["x", "y"])).relate(same_label("label"));
        let trained = related.train(mlp([3]), vicreg(), data::short_fit()).evaluate(knn("label"));
        let error = trained.evaluate(linear_probe(wrong)).write(&run).run_async().await.err().unwrap().to_string();
        for part in ["samples.csv", &format!("no column `{wrong}` for the label"), "id", "label"] {
            assert!(error.contains(part), "no `{part}` in {error}");
        }
        assert!(!run.join("graph.json").exists() && !run.join("checkpoints").exists());
    }
    assert!(!folder.path().join("lable/samples.parquet").exists());
}

#[tokio::test]
async fn a_label_without_values_and_a_condition_without_rows_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let samples = data::text_file(folder.path(), "samples.csv", "id,x,label\n0,1,\n1,2,\n");
    let related = Pipeline::read(csv(&samples).feature_columns(["x"])).relate(same_label("label"));
    let error = failure(folder.path(), related, mlp([3]), vicreg(), data::short_fit()).await.to_string();
    assert!(error.contains("same_label(label)") && error.contains("has no rows"), "{error}");
    let other = tempfile::tempdir().unwrap();
    let related = digits().train_on("label > 9").relate(same_label("label"));
    let error = failure(other.path(), related, mlp([3]), vicreg(), data::short_fit()).await.to_string();
    assert!(error.contains("`label > 9`") && error.contains("train_on"), "{error}");
}

#[tokio::test]
async fn one_class_cannot_be_probed() {
    let folder = tempfile::tempdir().unwrap();
    let samples = data::text_file(folder.path(), "samples.csv", &data::circle(20, 1));
    let related = Pipeline::read(csv(samples)).relate(same_label("label"));
    let trained = related.train(mlp([3]), vicreg(), data::short_fit()).evaluate(linear_probe("label"));
    let error = trained.write(folder.path().join("run")).run_async().await.err().unwrap().to_string();
    assert!(error.contains("two classes") && error.contains("16 training rows are of 0"), "{error}");
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_before_any_work() {
    let folder = tempfile::tempdir().unwrap();
    let fit = data::short_fit;
    let settings: Vec<(Fit, f64, &str)> = vec![
        (fit().batch(1), 0.5, "batch"),
        (fit().optimiser(adamw(-1.0)), 0.5, "learning_rate"),
        (fit().clip(0.0), 0.5, "clip"),
        (fit().checkpoint_steps(0), 0.5, "checkpoint_steps"),
        (Fit::epochs(0), 0.5, "epochs"),
        (fit(), 0.0, "tau"),
    ];
    for (fit, tau, setting) in settings {
        let related = digits().views(2, noise(0.1)).relate(same_sample());
        let error = failure(folder.path(), related, mlp([4]), nt_xent(tau), fit).await.to_string();
        assert!(error.contains(&format!("`{setting}` must be")) && error.contains("but is"), "{error}");
        assert!(!folder.path().join("run").exists(), "{setting}");
    }
    let related = digits().relate(mix(same_sample(), same_label("label"), 1.5));
    let error = failure(folder.path(), related, mlp([4]), vicreg(), fit()).await.to_string();
    assert!(error.contains("mix: `alpha` must be in [0, 1], but is 1.5"), "{error}");
}

#[tokio::test]
async fn a_loss_that_is_no_number_stops_with_the_step_and_the_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let related = digits().views(2, noise(0.1)).relate(same_sample());
    let fit = Fit::epochs(20).batch(64).optimiser(sgd(1e12)).schedule(Schedule::constant()).checkpoint_steps(1);
    let error = failure(folder.path(), related, mlp([16, 8]), vicreg(), fit.device(DeviceChoice::Cpu)).await;
    let PipelineError::Train(TrainError::Diverged { loss, checkpoint: Some(checkpoint), .. }) = &error else {
        panic!("{error}")
    };
    assert!(!loss.is_finite() && checkpoint.exists(), "{error}");
    let weights = checkpoint.parent().unwrap().read_dir().unwrap().map(|entry| entry.unwrap().path());
    let weights = weights.filter(|path| path.extension().is_some_and(|end| end == "safetensors"));
    let kept: Vec<Vec<u8>> = weights.map(|path| std::fs::read(path).unwrap()).collect();
    assert_eq!(kept.len(), 1);
    for (name, tensor) in safetensors::SafeTensors::deserialize(&kept[0]).unwrap().tensors() {
        let mut numbers = tensor.data().chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap()));
        assert!(numbers.all(f32::is_finite), "{name} of the last good checkpoint");
    }
    assert!(error.to_string().contains("Lower the learning rate"), "{error}");
    assert!(!folder.path().join("run/embeddings.parquet").exists());
}

#[tokio::test]
async fn a_representation_that_collapses_stops_with_its_rank() {
    let folder = tempfile::tempdir().unwrap();
    // Two features, each twice, cannot fill eight dimensions, whatever is learned.
    let samples = data::text_file(folder.path(), "samples.csv", &data::circle(200, 4));
    let twice = || sql("SELECT *, 2 * x AS u, 3 * y AS v FROM t").table("t", csv(&samples));
    let related = || Pipeline::read(twice()).relate(same_label("label"));
    let loss = || vicreg().with_var(0.0).with_cov(0.0);
    let fit = || Fit::epochs(15).batch(20).seed(1).device(DeviceChoice::Cpu);
    let error = failure(folder.path(), related(), mlp([8]), loss(), fit()).await;
    let PipelineError::Train(TrainError::Collapsed { rank, width: 8, .. }) = &error else { panic!("{error}") };
    assert!(*rank < 2.0);
    assert!(error.to_string().contains("allow_collapse"), "{error}");
    let trained = related().train(mlp([8]), loss(), fit().allow_collapse());
    trained.write(folder.path().join("allowed")).run_async().await.unwrap();
}
