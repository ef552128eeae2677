//! Layers of the encoders in GFLOP/s (`Gelem/s` of the report), beside what the processor reaches in the same run.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use relata_kernels::{ConvGeometry, Epilogue, FilterLayout, Isa, MallocRetention, backward, forward};

fn values(len: usize) -> Vec<f32> {
    (0..len).map(|i| ((i * 7919) % 1000) as f32 / 1000.0 - 0.5).collect()
}

/// Multiplications and additions a second that all threads reach on numbers in registers.
fn ceiling() -> f64 {
    const TURNS: usize = 4_000_000;
    let best = (0..5).map(|_| {
        let start = Instant::now();
        rayon::broadcast(|_| black_box(registers(TURNS)));
        start.elapsed().as_secs_f64()
    });
    let best = best.fold(f64::MAX, f64::min);
    let (registers, width) = if Isa::best() == Isa::Avx512 { (12, 16) } else { (12, 8) };
    (2 * TURNS * registers * width * rayon::current_num_threads()) as f64 / best
}

fn registers(turns: usize) -> f32 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64 as arch;
        #[target_feature(enable = "avx512f")]
        fn wide(turns: usize) -> f32 {
            let (a, b) = (arch::_mm512_set1_ps(0.999), arch::_mm512_set1_ps(0.001));
            let mut sums = [a; 12];
            (0..turns).for_each(|_| sums.iter_mut().for_each(|s| *s = arch::_mm512_fmadd_ps(*s, a, b)));
            sums.iter().map(|&s| arch::_mm512_reduce_add_ps(s)).sum()
        }
        #[target_feature(enable = "avx2,fma")]
        fn narrow(turns: usize) -> f32 {
            let (a, b) = (arch::_mm256_set1_ps(0.999), arch::_mm256_set1_ps(0.001));
            let mut sums = [a; 12];
            (0..turns).for_each(|_| sums.iter_mut().for_each(|s| *s = arch::_mm256_fmadd_ps(*s, a, b)));
            sums.iter().map(|&s| arch::_mm256_cvtss_f32(s)).sum()
        }
        match Isa::best() {
            // SAFETY: the instruction set says that the processor has the instructions.
            Isa::Avx512 => return unsafe { wide(turns) },
            // SAFETY: as above.
            Isa::Avx2 => return unsafe { narrow(turns) },
            Isa::Portable => {}
        }
    }
    (0..turns).fold([0.5f32; 96], |sums, _| sums.map(|s| s * 0.999 + 0.001))[0]
}

fn layers(c: &mut Criterion) {
    println!("ceiling: {:.0} GFLOP/s", ceiling() / 1e9);
    let mut group = c.benchmark_group("layers");
    group.sample_size(20);
    let conv = |images, size, inputs, outputs, stride| ConvGeometry {
        images,
        height: size,
        width: size,
        inputs,
        outputs,
        kernel: 3,
        stride,
        padding: 1,
    };
    for (name, g) in [
        ("convnet 1", conv(512, 28, 1, 32, 2)),
        ("convnet 2", conv(512, 14, 32, 64, 2)),
        ("convnet 3", conv(512, 7, 64, 128, 2)),
        ("mlp 1", ConvGeometry::linear(1024, 784, 512)),
        ("mlp 2", ConvGeometry::linear(1024, 512, 512)),
        ("resnet 1", conv(32, 32, 64, 64, 1)),
        ("resnet 4", conv(128, 4, 512, 512, 1)),
    ] {
        let linear = g.kernel == 1;
        let layout = if linear { FilterLayout::linear(&g) } else { FilterLayout::convolution(&g) };
        let input = values(g.images * g.height * g.width * g.inputs);
        let filter = values(g.weights());
        let y = values(g.rows() * g.outputs);
        let image = y.len() / g.images;
        group.throughput(Throughput::Elements(g.operations() as u64));
        group.bench_function(format!("{name} forward"), |b| {
            b.iter(|| forward(Isa::best(), &g, &input, (&filter, layout), Epilogue::Measure));
        });
        let of_output = |images: std::ops::Range<usize>, to: &mut [f32]| {
            to.copy_from_slice(&y[images.start * image..images.end * image])
        };
        group.bench_function(format!("{name} backward, filter"), |b| {
            b.iter(|| backward(Isa::best(), &g, &input, (&filter, layout), &of_output, false));
        });
        group.throughput(Throughput::Elements(2 * g.operations() as u64));
        group.bench_function(format!("{name} backward, both"), |b| {
            b.iter(|| backward(Isa::best(), &g, &input, (&filter, layout), &of_output, true));
        });
    }
    group.finish();
}

fn main() {
    let _kept = MallocRetention::start();
    let mut criterion = Criterion::default()
        .configure_from_args()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_millis(1500));
    layers(&mut criterion);
    criterion.final_summary();
}
