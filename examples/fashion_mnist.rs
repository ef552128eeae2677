//! Fashion-MNIST, 60,000 + 10,000 images: self-supervised, with some labelled rows, or with all of them.
//!
//! `cargo run --release --example fashion_mnist -- --graph ssl|labels:1000|full --epochs 5 --data DIR --out DIR`

use std::path::Path;
use std::process::ExitCode;

use relata::prelude::*;

struct Options {
    data: String,
    graph: String,
    epochs: u64,
    out: String,
    device: DeviceChoice,
}

#[tokio::main]
async fn main() -> ExitCode {
    match options() {
        Ok(options) => match run(options).await {
            Ok(()) => return ExitCode::SUCCESS,
            Err(error) => eprintln!("error: {error}"),
        },
        Err(message) => eprintln!("error: {message}"),
    }
    ExitCode::FAILURE
}

async fn run(options: Options) -> relata::Result<()> {
    let file = |name: &str| format!("{}/{name}", options.data);
    let dataset = idx_splits([
        ("train", file("train-images-idx3-ubyte.gz"), file("train-labels-idx1-ubyte.gz")),
        ("test", file("t10k-images-idx3-ubyte.gz"), file("t10k-labels-idx1-ubyte.gz")),
    ]);
    let samples = Pipeline::read(dataset).views(2, crop(0.3).then(flip()).then(contrast(0.4)).then(brightness(0.4)));
    let related = match options.graph.strip_prefix("labels:").map(str::parse) {
        Some(Ok(rows)) => samples.relate(mix(same_sample(), same_label("label").rows(rows), 0.5)),
        _ if options.graph == "full" => samples.relate(same_label("label")),
        _ => samples.relate(same_sample()),
    };
    let pipeline = related
        .train(
            convnet().project([256, 128]),
            nt_xent(0.5),
            Fit::epochs(options.epochs)
                .batch(256)
                .optimiser(adamw(3e-3))
                .schedule(Schedule::cosine(0.3))
                .device(options.device),
        )
        .evaluate(linear_probe("label"))
        .evaluate(knn("label"))
        .write(options.out)
        .progress(bars())
        .cancel_with(Cancel::on_ctrl_c());
    println!("{}", pipeline.explain().await?);
    let run = pipeline.run_async().await?;
    run.show(
        "SELECT after.name, round(before.value, 4) AS raw_pixels, round(after.value, 4) AS embeddings
         FROM metrics after JOIN metrics before ON before.name = concat('raw.', after.name) ORDER BY after.name",
    )
    .await?;
    println!("run {}, embeddings {}", run.folder().display(), run.embeddings().display());
    Ok(())
}

fn options() -> Result<Options, String> {
    let mut options = Options {
        data: "/usr/share/datasets/fashion-mnist".to_owned(),
        graph: "ssl".to_owned(),
        epochs: 5,
        out: String::new(),
        device: DeviceChoice::Auto,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().ok_or(format!("{name} needs a value"))?;
        match name.as_str() {
            "--data" => options.data = value,
            "--graph" => options.graph = value,
            "--epochs" => options.epochs = value.parse().map_err(|_| format!("--epochs {value} is not a number"))?,
            "--out" => options.out = value,
            "--device" => options.device = value.parse().map_err(|e| format!("{e}"))?,
            _ => return Err(format!("unknown option {name}; there are --data, --graph, --epochs, --out, --device")),
        }
    }
    let labelled = options.graph.strip_prefix("labels:").is_some_and(|rows| rows.parse::<usize>().is_ok());
    if !labelled && !["ssl", "full"].contains(&options.graph.as_str()) {
        return Err(format!("--graph must be ssl, full or labels:N, but is {}", options.graph));
    }
    if options.out.is_empty() {
        options.out = format!("runs/fashion_mnist-{}", options.graph.replace(':', "-"));
    }
    if !Path::new(&options.data).join("train-images-idx3-ubyte.gz").exists() {
        return Err(format!(
            "Fashion-MNIST is not in {}. On Debian and Ubuntu: apt-get install dataset-fashion-mnist; elsewhere, put \
             the four .gz files in a folder and name it with --data DIR.",
            options.data
        ));
    }
    Ok(options)
}
