//! Embedding images with a trained CNN, from IDX files to a Parquet file of embeddings.

use std::path::Path;

use relata::Run;
use relata::prelude::{EncoderSpec, Fit, Pipeline, convnet, flip, idx_splits, nt_xent, same_sample};

use crate::{Done, Result, Work};

/// The 70,000 images of Fashion-MNIST, from their files.
pub fn images_to_parquet(folder: &Path) -> Result<Work> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let text = std::fs::read_to_string(folder.join("fashion_mnist.txt"))?;
    let file = |name: &str| format!("{}/{name}", text.trim());
    let test = (file("t10k-images-idx3-ubyte.gz"), file("t10k-labels-idx1-ubyte.gz"));
    let train = (file("train-images-idx3-ubyte.gz"), file("train-labels-idx1-ubyte.gz"));
    // A model of the right shape is enough: how well it is trained does not change the time that it takes.
    let pipeline = Pipeline::read(idx_splits([("train", test.0.as_str(), test.1.as_str())]))
        .train_on("id < 512")
        .views(2, flip())
        .relate(same_sample())
        .train(convnet().project([256, 128]), nt_xent(0.5), Fit::epochs(1))
        .write(folder.join("embedder"));
    let run: Run = pipeline.run()?;
    let output = folder.join("embedded.parquet");
    Ok(Box::new(move || {
        let dataset =
            idx_splits([("train", train.0.as_str(), train.1.as_str()), ("test", test.0.as_str(), test.1.as_str())]);
        let rows = runtime.block_on(run.embed(dataset, &output))?;
        Ok(Done { units: rows as f64, check: rows as f64 })
    }))
}
