//! What is bound by memory rather than by arithmetic, in GB/s (of what is read and written once), beside what
//! adding one long vector to another reaches in the same run.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use rayon::prelude::*;
use relata_kernels::batch_norm::{ScaleShift, apply};
use relata_kernels::batch_norm_gradient::{self, Normalised};
use relata_kernels::optimiser::{AdamWStep, Parameter, SgdStep, adamw, sgd};
use relata_kernels::{ChannelMoments, EdgeOps, Isa, MallocRetention};

/// Rows and channels of what batch norm works on: the second layer of the small convolutional network.
const ROWS: usize = 512 * 49;
const CHANNELS: usize = 64;
/// The numbers of a parameter.
const WEIGHTS: usize = 4 << 20;
/// A step of AdamW.
const STEP: AdamWStep = AdamWStep { rate: 1e-3, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, decay: 1e-4, time: 7 };
/// A batch of a loss: rows, dimensions, edges.
const BATCH: [usize; 3] = [1024, 128, 8192];

fn values(len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 7919) % 1000) as f32 / 1000.0 - 0.5).collect()
}

/// Bytes a second that all threads read and write, adding a vector to another that is longer than the caches.
fn ceiling() -> f64 {
    let from = values(16 << 20);
    let mut to = vec![0.0f32; from.len()];
    let best = (0..7).map(|_| {
        let start = Instant::now();
        to.par_chunks_mut(1 << 16).zip(from.par_chunks(1 << 16)).for_each(|(to, from)| {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += from);
        });
        black_box(&to);
        start.elapsed().as_secs_f64()
    });
    (3 * size_of_val(&from[..])) as f64 / best.fold(f64::MAX, f64::min)
}

/// So many numbers are read or written in each turn.
fn pass(group: &mut BenchmarkGroup<'_, WallTime>, name: &str, numbers: usize, mut turn: impl FnMut()) {
    group.throughput(Throughput::BytesDecimal((numbers * size_of::<f32>()) as u64));
    group.bench_function(name, |b| b.iter(&mut turn));
}

fn norm(group: &mut BenchmarkGroup<'_, WallTime>, isa: Isa) {
    let len = ROWS * CHANNELS;
    let (y, residual, gradient) = (values(len), values(len), values(len));
    let (mean, deviation, gamma) = (vec![0.0; CHANNELS], vec![1.0; CHANNELS], vec![1.0; CHANNELS]);
    let scale_shift = ScaleShift::new(&mean, &deviation, &gamma, &mean, 1e-5);
    pass(group, "moments (one thread)", len, || drop(black_box(ChannelMoments::of(isa, &y, CHANNELS))));
    pass(group, "norm, ReLU", 2 * len, || drop(black_box(apply(isa, &y, &scale_shift, None, true))));
    let added = || drop(black_box(apply(isa, &y, &scale_shift, Some(&residual), true)));
    pass(group, "norm, residual, ReLU", 3 * len, added);
    let output = apply(isa, &y, &scale_shift, None, true);
    let layer = Normalised { y: &y, output: Some(&output), mean: &mean, deviation: &deviation, gamma: &gamma };
    let sums = batch_norm_gradient::sums(isa, layer, &gradient);
    pass(group, "gradient of norm, ReLU: sums", 3 * len, || {
        drop(black_box(batch_norm_gradient::sums(isa, layer, &gradient)));
    });
    let mut to = vec![0.0; len];
    pass(group, "gradient of norm, ReLU: rows (one thread)", 4 * len, || {
        batch_norm_gradient::write(isa, layer, &gradient, &sums, ROWS, &mut to);
    });
    pass(group, "gradient of the residual", 3 * len, || {
        drop(black_box(batch_norm_gradient::residual(&gradient, &output)))
    });
}

fn optimisers(group: &mut BenchmarkGroup<'_, WallTime>, isa: Isa) {
    let (mut weights, gradient) = (values(WEIGHTS), values(WEIGHTS));
    let (mut first, mut second) = (vec![0.0; WEIGHTS], vec![0.0; WEIGHTS]);
    pass(group, "AdamWStep", 7 * WEIGHTS, || {
        let state = [&mut first[..], &mut second[..]];
        adamw(isa, STEP, vec![Parameter { weights: &mut weights, gradient: &gradient, state }]);
    });
    let step = SgdStep { rate: 1e-3, momentum: 0.9, decay: 0.0 };
    pass(group, "SGD with momentum", 5 * WEIGHTS, || {
        sgd(isa, step, vec![Parameter { weights: &mut weights, gradient: &gradient, state: [&mut first[..]] }]);
    });
    // As many numbers in parameters of 64 and 4096, as a deep network has them: what many small ones cost.
    let sizes = std::iter::repeat_n([64, 4096], WEIGHTS / 4160).flatten();
    let numbers = WEIGHTS / 4160 * 4160;
    pass(group, "AdamWStep, many small parameters", 7 * numbers, || {
        let mut rest = (&mut weights[..], &gradient[..], &mut first[..], &mut second[..]);
        let parameters = sizes.clone().map(|len| {
            let weights = rest.0.split_off_mut(..len).expect("all sizes together are no longer");
            let gradient = rest.1.split_off(..len).expect("as above");
            let first = rest.2.split_off_mut(..len).expect("as above");
            let second = rest.3.split_off_mut(..len).expect("as above");
            Parameter { weights, gradient, state: [first, second] }
        });
        adamw(isa, STEP, parameters.collect());
    });
}

/// Rows of the batch are read anew for every edge, most of them from a cache, so this may be above the ceiling.
fn edges(group: &mut BenchmarkGroup<'_, WallTime>, isa: Isa) {
    let [rows, width, edges] = BATCH;
    let z = values(rows * width);
    let end = |edge: usize, factor: usize| ((edge * factor + edge / rows) % rows) as u32;
    let src: Vec<u32> = (0..edges).map(|edge| end(edge, 1)).collect();
    let dst: Vec<u32> = (0..edges).map(|edge| end(edge, 37)).collect();
    let (pairs, weights) = (EdgeOps::new(rows, &src, &dst), values(edges));
    pass(group, "squared distances", 2 * edges * width, || drop(black_box(pairs.squared_distances(isa, &z, width))));
    pass(group, "gradient of squared distances", 2 * edges * width, || {
        drop(black_box(pairs.squared_distances_gradient(isa, &z, width, &weights)));
    });
    pass(group, "neighbour sums", 2 * edges * width, || {
        drop(black_box(pairs.neighbour_sums(isa, &z, width, &weights)));
    });
}

fn main() {
    let _kept = MallocRetention::start();
    let mut criterion = Criterion::default()
        .configure_from_args()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500));
    println!("ceiling: {:.1} GB/s", ceiling() / 1e9);
    let mut group = criterion.benchmark_group("passes");
    group.sample_size(20);
    norm(&mut group, Isa::best());
    optimisers(&mut group, Isa::best());
    edges(&mut group, Isa::best());
    group.finish();
    criterion.final_summary();
}
