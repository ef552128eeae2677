//! A run on one thread and on several.

use std::path::Path;
use std::process::Stdio;

use relata::Run;
use relata::dsl::{Pipeline, Ready};
use relata::prelude::*;

use crate::child::{Job, command};
use crate::data;

/// A little of everything that is computed in parallel: views, convolutions, both kinds of sums over edges, the optimiser,
/// embeddings and what is measured on them.
pub fn pipeline(folder: &Path) -> Pipeline<Ready> {
    let fit = Fit::epochs(2).batch(256).seed(7).device(DeviceChoice::Cpu);
    Pipeline::read(parquet(data::digits()))
        .views(2, affine().with_rotation(15.0).then(noise(0.1)))
        .relate(same_sample())
        .relate(nearest(5).l2().weighted(0.5))
        .train(convnet().with_channels([16, 32]).project([256, 128]), vicreg(), fit)
        .evaluate(linear_probe("label"))
        .evaluate(clustering("label"))
        .evaluate(knn("label"))
        .write(folder)
}

/// The bits of the embeddings, and everything that was measured in digits that tell all numbers apart.
fn result(threads: usize) -> (Vec<u32>, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(Job::TrainOnThreads, folder.path());
    child.env("RAYON_NUM_THREADS", threads.to_string()).stderr(Stdio::piped());
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let query = "SELECT step, name, value FROM metrics WHERE name <> 'stall' ORDER BY step, name";
    let run = Run::open(folder.path()).unwrap();
    let measured = tokio::runtime::Runtime::new().unwrap().block_on(data::answer(&run, query));
    (data::embedding_bits(folder.path()), measured)
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let one = result(1);
    assert!(one.1.len() > 20, "{} numbers were measured", one.1.len());
    for threads in [2, 5] {
        let several = result(threads);
        assert!(several.0 == one.0, "other embeddings on {threads} threads");
        assert!(several.1 == one.1, "other measurements on {threads} threads");
    }
}
