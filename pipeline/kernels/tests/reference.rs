//! Reference tests: every kernel against a naive one in 64 bits, whose gradients are held against finite differences.
#![allow(clippy::unwrap_used, clippy::needless_range_loop)]

mod naive;

use naive::Naive;
use proptest::prelude::*;
use relata_kernels::batch_norm::{ScaleShift, apply, deviations};
use relata_kernels::batch_norm_gradient::{self, Normalised};
use relata_kernels::{ConvGeometry, Epilogue, FilterLayout, Isa, backward, forward};

const EPSILON: f64 = 1e-5;

/// The layer by the kernels: output, and gradients of filter, input, gamma, beta and residual.
fn by_kernels(isa: Isa, g: &ConvGeometry, layout: FilterLayout, case: &Naive) -> Vec<Vec<f32>> {
    let single = |v: &[f64]| v.iter().map(|&x| x as f32).collect::<Vec<f32>>();
    let (input, filter) = (single(&case.input), single(&case.filter));
    let (gamma, beta, upstream) = (single(&case.gamma), single(&case.beta), single(&case.upstream));
    let residual = case.residual.as_deref().map(single);
    let (y, moments) = forward(isa, g, &input, (&filter, layout), Epilogue::Measure);
    let moments = moments.unwrap();
    let (mean, variance) = (moments.mean(), moments.variance());
    let scale_shift = ScaleShift::new(&mean, &variance, &gamma, &beta, EPSILON);
    let output = apply(isa, &y, &scale_shift, residual.as_deref(), true);
    let epilogue = Epilogue::Apply(&scale_shift, residual.as_deref(), true);
    let (at_once, none) = forward(isa, g, &input, (&filter, layout), epilogue);
    assert!(none.is_none());
    let same = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-5 * (1.0 + b.abs()) || (a.is_nan() && b.is_nan());
    assert!(at_once.iter().zip(&output).all(same));
    let deviation = deviations(&variance, EPSILON);
    let layer = Normalised { y: &y, output: Some(&output), mean: &mean, deviation: &deviation, gamma: &gamma };
    let sums = batch_norm_gradient::sums(isa, layer, &upstream);
    let image = g.rows() / g.images * g.outputs;
    let of_output = |images: std::ops::Range<usize>, to: &mut [f32]| {
        let range = images.start * image..images.end * image;
        batch_norm_gradient::write(isa, layer.part(range.clone()), &upstream[range], &sums, g.rows(), to);
    };
    let (of_filter, of_input) = backward(isa, g, &input, (&filter, layout), &of_output, true);
    let of_residual = batch_norm_gradient::residual(&upstream, &output);
    vec![output, of_filter, of_input.unwrap(), sums.gamma, sums.beta, of_residual]
}

fn check(g: ConvGeometry, linear: bool, with_residual: bool, seed: u64) -> Result<(), TestCaseError> {
    let layout = if linear { FilterLayout::linear(&g) } else { FilterLayout::convolution(&g) };
    let case = Naive::new(g, layout, with_residual, seed);
    let expected = case.gradients();
    for &isa in Isa::supported() {
        let found = by_kernels(isa, &g, layout, &case);
        for (name, (found, expected)) in
            ["output", "filter", "input", "gamma", "beta", "residual"].iter().zip(found.iter().zip(&expected))
        {
            prop_assert_eq!(found.len(), expected.len());
            // Gradients that are 0 by cancellation are sums of numbers of about this size.
            let scale = expected.iter().fold(0.5f64, |most, x| most.max(x.abs()));
            for (&f, &e) in found.iter().zip(expected) {
                prop_assert!((f64::from(f) - e).abs() < 2e-4 * scale, "{name} {isa:?} {g:?}: {f} instead of {e}");
            }
        }
    }
    Ok(())
}

#[test]
fn what_is_no_number_goes_through() {
    let g = ConvGeometry { images: 2, height: 3, width: 3, inputs: 2, outputs: 20, kernel: 3, stride: 1, padding: 1 };
    for &isa in Isa::supported() {
        let mut case = Naive::new(g, FilterLayout::convolution(&g), false, 1);
        case.filter[0] = f64::NAN;
        for (name, found) in
            ["output", "filter", "input"].iter().zip(by_kernels(isa, &g, FilterLayout::convolution(&g), &case))
        {
            assert!(found.iter().any(|x| x.is_nan()), "{name} at {isa:?}");
        }
    }
}

fn geometries() -> impl Strategy<Value = (ConvGeometry, bool)> {
    let convolution = (
        1usize..6,
        1usize..9,
        1usize..9,
        1usize..20,
        1usize..40,
        prop::sample::select(vec![(1, 0), (3, 1), (3, 0)]),
        1usize..3,
    )
        .prop_filter_map(
            "the filter fits",
            |(images, height, width, inputs, outputs, (kernel, padding), stride)| {
                let g = ConvGeometry { images, height, width, inputs, outputs, kernel, stride, padding };
                (height + 2 * padding >= kernel && width + 2 * padding >= kernel && g.rows() > 3).then_some((g, false))
            },
        );
    let linear =
        (4usize..300, 1usize..40, 1usize..40).prop_map(|(rows, i, o)| (ConvGeometry::linear(rows, i, o), true));
    prop_oneof![3 => convolution, 1 => linear]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn layers_equal_their_twin((g, linear) in geometries(), residual: bool, seed in 0u64..1000) {
        let layout = if linear { FilterLayout::linear(&g) } else { FilterLayout::convolution(&g) };
        // Rounding decides on which side of the kink a number falls that is as good as 0.
        prop_assume!(Naive::new(g, layout, residual, seed).nearest_to_the_kink() > 2e-5);
        check(g, linear, residual, seed)?;
    }
}

#[test]
fn the_sizes_of_the_encoders_equal_their_twin() {
    let conv = |images, size, inputs, outputs, kernel, stride| ConvGeometry {
        images,
        height: size,
        width: size,
        inputs,
        outputs,
        kernel,
        stride,
        padding: kernel / 2,
    };
    for g in [
        conv(5, 28, 1, 32, 3, 2),
        conv(5, 14, 32, 64, 3, 2),
        conv(11, 7, 64, 128, 3, 2),
        conv(2, 16, 3, 16, 3, 1),
        conv(3, 8, 16, 32, 1, 2),
    ] {
        check(g, false, false, 3).unwrap();
    }
    check(ConvGeometry::linear(700, 100, 130), true, false, 4).unwrap();
}

#[test]
fn the_twins_gradients_are_finite_differences() {
    for (g, residual) in [
        (
            ConvGeometry { images: 2, height: 5, width: 4, inputs: 2, outputs: 3, kernel: 3, stride: 2, padding: 1 },
            true,
        ),
        (
            ConvGeometry { images: 3, height: 3, width: 1, inputs: 3, outputs: 2, kernel: 1, stride: 2, padding: 0 },
            false,
        ),
        (ConvGeometry::linear(6, 4, 3), false),
    ] {
        let layout = if g.height == 1 { FilterLayout::linear(&g) } else { FilterLayout::convolution(&g) };
        let case = Naive::new(g, layout, residual, 9);
        let gradients = case.gradients();
        let score = |case: &Naive| -> f64 { case.output().iter().zip(&case.upstream).map(|(a, b)| a * b).sum() };
        for (part, of) in [(1, 0), (2, 1), (3, 2), (4, 3)] {
            for at in 0..gradients[part].len() {
                let moved = |by: f64| {
                    let mut case = case.clone();
                    match of {
                        0 => case.filter[at] += by,
                        1 => case.input[at] += by,
                        2 => case.gamma[at] += by,
                        _ => case.beta[at] += by,
                    }
                    score(&case)
                };
                let slope = (moved(1e-6) - moved(-1e-6)) / 2e-6;
                assert!((slope - gradients[part][at]).abs() < 1e-4 * (1.0 + slope.abs()), "{part} {at} {g:?}: {slope}");
            }
        }
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let g =
        ConvGeometry { images: 40, height: 14, width: 14, inputs: 32, outputs: 64, kernel: 3, stride: 2, padding: 1 };
    let linear = ConvGeometry::linear(600, 300, 200);
    for (g, layout) in [(g, FilterLayout::convolution(&g)), (linear, FilterLayout::linear(&linear))] {
        let case = Naive::new(g, layout, true, 5);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| by_kernels(Isa::best(), &g, layout, &case))
        };
        let one = on(1);
        for threads in [2, 3, 8] {
            for (a, b) in one.iter().zip(on(threads)) {
                assert!(a.iter().zip(&b).all(|(a, b)| a.to_bits() == b.to_bits()), "{threads} threads {g:?}");
            }
        }
    }
}
