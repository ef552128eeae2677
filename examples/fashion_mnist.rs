//! Fashion-MNIST, 60,000 + 10,000 images: self-supervised, with some labelled rows, or with all of them.
//!
//! `cargo run --release --example fashion_mnist -- --graph ssl|labels:1000|full`

use std::path::{Path, PathBuf};

use clap::Parser;
use relata::data::DataError;
use relata::prelude::*;

/// Learns embeddings of Fashion-MNIST.
#[derive(Debug, Parser)]
struct Options {
    /// Which images are related: `ssl` (two views of one), `full` (all of one class), or `labels:N` (N labelled rows
    /// mixed in).
    #[arg(long, default_value = "ssl", value_parser = graph)]
    graph: Graph,
    /// Epochs of training.
    #[arg(long, default_value_t = 5)]
    epochs: u64,
    /// Where the four .gz files are.
    #[arg(long, default_value = "/usr/share/datasets/fashion-mnist")]
    data: PathBuf,
    /// The folder of the run.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Where to train: auto, cpu or wgpu.
    #[arg(long, default_value_t = DeviceChoice::Auto)]
    device: DeviceChoice,
}

#[derive(Debug, Clone, Copy)]
enum Graph {
    Views,
    Labelled(usize),
    Full,
}

fn graph(text: &str) -> Result<Graph, String> {
    match (text, text.strip_prefix("labels:").map(str::parse)) {
        ("ssl", _) => Ok(Graph::Views),
        ("full", _) => Ok(Graph::Full),
        (_, Some(Ok(rows))) => Ok(Graph::Labelled(rows)),
        _ => Err("expected ssl, full or labels:N".to_owned()),
    }
}

fn main() -> relata::Result<()> {
    let options = Options::parse();
    let samples = Pipeline::read(clothes(&options.data)?)
        .views(2, crop(0.3).then(flip()).then(contrast(0.4)).then(brightness(0.4)));
    let (related, name) = match options.graph {
        Graph::Views => (samples.relate(same_sample()), "ssl".to_owned()),
        Graph::Full => (samples.relate(same_label("label")), "full".to_owned()),
        Graph::Labelled(rows) => {
            (samples.relate(mix(same_sample(), same_label("label").rows(rows), 0.5)), format!("labels-{rows}"))
        }
    };
    let fit = Fit::epochs(options.epochs)
        .batch(256)
        .optimiser(adamw(3e-3))
        .schedule(Schedule::cosine(0.3))
        .device(options.device);
    let pipeline = related
        .train(convnet().project([256, 128]), nt_xent(0.5), fit)
        .evaluate(linear_probe("label"))
        .evaluate(knn("label"))
        .write(options.out.unwrap_or_else(|| format!("runs/fashion_mnist-{name}").into()))
        .progress(bars())
        .cancel_with(Cancel::on_ctrl_c());
    println!("{}", pipeline.explain()?);
    let run = pipeline.run()?;
    run.show(
        "SELECT name, round(raw, 4) AS raw_pixels, round(value, 4) AS embeddings
         FROM scores WHERE raw IS NOT NULL ORDER BY name",
    )?;
    println!("run {}, embeddings {}", run.folder().display(), run.embeddings().display());
    Ok(())
}

/// The images and labels of both splits.
fn clothes(folder: &Path) -> relata::Result<Dataset> {
    let file = |name: &str| folder.join(format!("{name}-ubyte.gz"));
    if !file("train-images-idx3").exists() {
        let hint = "On Debian and Ubuntu: apt-get install dataset-fashion-mnist; elsewhere, put the four .gz files in a \
                    folder and name it with --data FOLDER.";
        return Err(DataError::Missing { path: file("train-images-idx3"), hint: hint.to_owned() }.into());
    }
    Ok(idx_splits([
        ("train", file("train-images-idx3"), file("train-labels-idx1")),
        ("test", file("t10k-images-idx3"), file("t10k-labels-idx1")),
    ]))
}
