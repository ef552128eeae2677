//! The graph at 10^5 to 10^7 edges over a tenth as many rows: building it, what follows from it, the edges of a batch,
//! drawing batches, and the nearest neighbours that it may be made from.
// The macro that makes a group of benchmarks writes a public function without documentation.
#![allow(missing_docs)]

use std::convert::Infallible;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::RngExt;
use relata_data::index::Row;
use relata_data::seed::stream;
use relata_graph::knn::{Metric, top_k};
use relata_graph::{Csr, CsrBuilder, Graph, GraphSettings, Groups};
use relata_train::batch::{Batches, Sampler};

const SIZES: [usize; 3] = [100_000, 1_000_000, 10_000_000];
/// Rows of a batch, each with two views.
const BATCH: usize = 256;

/// So many different pairs of a tenth as many rows, sorted.
fn pairs(edges: usize) -> Vec<(u32, u32)> {
    let rows = (edges / 10) as u32;
    let mut rng = stream(1, &[edges as u64]);
    let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(edges + edges / 100);
    while pairs.len() < edges {
        let missing = edges - pairs.len();
        pairs.extend((0..missing + missing / 100 + 1).filter_map(|_| {
            let (a, b) = (rng.random_range(0..rows), rng.random_range(0..rows));
            (a != b).then_some((a.min(b), a.max(b)))
        }));
        pairs.sort_unstable();
        pairs.dedup();
    }
    pairs.truncate(edges);
    pairs
}

fn build(pairs: &[(u32, u32)], path: &Path) -> Csr {
    let mut builder = CsrBuilder::create(path, pairs.len() / 10);
    pairs.iter().for_each(|&(a, b)| builder.count(Row(a), Row(b)));
    let mut places = builder.places();
    // One edge in a hundred is a negative.
    pairs.iter().enumerate().for_each(|(at, &(a, b))| {
        places.put(Row(a), Row(b), if at % 100 == 0 { -1.0 } else { 1.0 });
    });
    places.finish().expect("a temporary folder can be written to")
}

fn graph(c: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let path = folder.path().join("graph.csr");
    for edges in SIZES {
        let pairs = pairs(edges);
        let mut group = c.benchmark_group("graph");
        group.sample_size(10);
        let name = |work: &str| BenchmarkId::new(work, edges);
        group.throughput(Throughput::Elements(edges as u64));
        group.bench_function(name("build the matrix and write it"), |b| b.iter(|| build(&pairs, &path)));
        let csr = build(&pairs, &path);
        let with = |closure| {
            let settings = GraphSettings { views: 1.0, closure, ..Default::default() };
            Arc::new(Graph::new(settings, csr.clone(), Groups::default()))
        };
        group.bench_function(name("closure"), |b| b.iter(|| with(true)));
        let rows = Arc::new((0..(edges / 10) as u32).map(Row).collect::<Vec<_>>());
        group.throughput(Throughput::Elements(BATCH as u64));
        for (work, closure) in [("edges of a batch", false), ("edges of a batch, implied ones too", true)] {
            let graph = with(closure);
            // Batches by edge, so that there is something to find.
            let sampler = Sampler::new(rows.clone(), BATCH, Batches::by_edge(), 1, &graph);
            let batches: Vec<Vec<Row>> = sampler.epoch(0).take(50).collect();
            let mut next = 0;
            group.bench_function(name(work), |b| {
                b.iter(|| {
                    next += 1;
                    black_box(graph.induced(&batches[next % batches.len()], 2))
                });
            });
        }
        let graph = with(false);
        let sampler = Sampler::new(rows.clone(), BATCH, Batches::mixed(0.5), 1, &graph);
        let steps = sampler.steps_per_epoch().min(1000);
        group.throughput(Throughput::Elements(steps * BATCH as u64));
        let draw = |b: &mut criterion::Bencher<'_>| b.iter(|| sampler.epoch(0).take(steps as usize).count());
        group.bench_function(name("draw up to 1000 batches, half by edge"), draw);
        group.finish();
    }
}

/// Exact neighbours by blocks: ten times their number makes as many directed edges as there are in `SIZES`.
fn neighbours(c: &mut Criterion) {
    const WIDTH: usize = 32;
    const BLOCK: usize = 4096;
    let mut group = c.benchmark_group("neighbours");
    group.sample_size(10);
    for (rows, k) in [(10_000, 10), (50_000, 20), (100_000, 100)] {
        let mut rng = stream(2, &[rows as u64]);
        let values: Vec<f32> = (0..rows * WIDTH).map(|_| rng.random_range(-1.0..1.0)).collect();
        group.throughput(Throughput::Elements((rows * k) as u64));
        group.bench_function(BenchmarkId::new(format!("{k} of each row"), rows), |b| {
            b.iter(|| {
                for queries in values.chunks(BLOCK * WIDTH) {
                    let firsts = (0u64..).step_by(BLOCK);
                    let blocks = values.chunks(BLOCK * WIDTH).zip(firsts).map(|(rows, first)| (first, rows));
                    let Ok(found) = top_k(queries, WIDTH, blocks.map(Ok::<_, Infallible>), k + 1, Metric::Cosine);
                    black_box(found);
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, graph, neighbours);
criterion_main!(benches);
