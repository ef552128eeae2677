//! Threads: a run on one of them and on several, which is also the number of partitions of every query.

use std::path::Path;
use std::process::Stdio;

use relata::Run;
use relata::dsl::{Pipeline, Ready};
use relata::prelude::*;

use crate::child::{Job, command};
use crate::data;

/// A little of everything that is computed in parallel: joins, noise, views, convolutions, both kinds of sums over edges,
/// the optimiser, embeddings and what is measured on them.
pub fn pipeline(folder: &Path) -> Pipeline<Ready> {
    let fit = Fit::epochs(2).batch(256).seed(7).device(DeviceChoice::Cpu);
    Pipeline::read(parquet(data::digits()))
        .views(2, affine().with_rotation(15.0).then(noise(0.1)))
        .relate(same_sample())
        .relate(nearest(5).l2().weighted(0.5))
        .relate(noisy(rule("same digit", "a.label = b.label AND (a.id + b.id) % 40 = 0"), 0.2))
        .relate(noisy(noisy(same_label("label").rows(300).signed(), 0.1), 0.1).weighted(0.25))
        .resolve(Policy::WeightedVote)
        .train(convnet().with_channels([16, 32]).project([256, 128]), vicreg(), fit)
        .evaluate(linear_probe("label"))
        .evaluate(clustering("label"))
        .evaluate(knn("label"))
        .write(folder)
}

/// What a run on so many threads came to.
struct Outcome {
    /// The bits of the embeddings.
    embeddings: Vec<u32>,
    /// Everything that was measured, in digits that tell all numbers apart.
    measured: Vec<String>,
    /// The files of the graph, byte for byte.
    graph: Vec<Vec<u8>>,
    /// The numbers of edges and of conflicts.
    counts: Vec<String>,
}

fn result(threads: usize) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let mut child = command(Job::TrainOnThreads, folder.path());
    child.env("RAYON_NUM_THREADS", threads.to_string()).stderr(Stdio::piped());
    let output = child.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let query = "SELECT step, name, value FROM metrics WHERE name <> 'stall' ORDER BY step, name";
    let run = Run::open(folder.path()).unwrap();
    let answer = |query: &str| tokio::runtime::Runtime::new().unwrap().block_on(data::answer(&run, query));
    let files = ["edges.parquet", "conflicts.parquet", "oracle_accuracy.parquet", "memberships.parquet", "graph.csr"];
    Outcome {
        embeddings: data::embedding_bits(folder.path()),
        measured: answer(query),
        graph: files.iter().map(|file| std::fs::read(folder.path().join(file)).unwrap()).collect(),
        counts: answer("SELECT (SELECT count(*) FROM edges) AS edges, (SELECT count(*) FROM conflicts) AS conflicts"),
    }
}

#[test]
fn runs_beside_each_other_in_one_process_have_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let run = &|number: usize| {
        let at = folder.path().join(number.to_string());
        let fit = Fit::epochs(1).batch(256).seed(7).device(DeviceChoice::Cpu);
        let related = Pipeline::read(parquet(data::digits())).train_on("id < 512").views(2, noise(0.1));
        related.relate(same_sample()).train(mlp([64, 8]), vicreg(), fit).write(&at).run().unwrap();
        data::embedding_bits(&at)
    };
    let several = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..6).map(|number| scope.spawn(move || run(number))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    assert!(several.iter().all(|bits| *bits == several[0]));
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let one = result(1);
    assert!(one.measured.len() > 20, "{} numbers were measured", one.measured.len());
    let counts: Vec<u64> = one.counts[0].split('\t').map(|count| count.parse().unwrap()).collect();
    assert!(counts[0] > 4_000 && counts[1] > 50, "{counts:?} edges and conflicts");
    for threads in [2, 5] {
        let several = result(threads);
        assert!(several.graph == one.graph, "another graph on {threads} threads");
        assert!(several.embeddings == one.embeddings, "other embeddings on {threads} threads");
        assert!(several.measured == one.measured, "other measurements on {threads} threads");
    }
}
