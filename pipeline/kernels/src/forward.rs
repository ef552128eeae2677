//! Forward pass of a layer's linear part: `output = filter * input`, for convolutions and linear layers alike.

use std::cell::RefCell;
use std::mem::MaybeUninit;

use rayon::prelude::*;

use crate::batch_norm::{ScaleShift, apply_in_place, rows_at_once};
use crate::border_regions::Region;
use crate::disjoint_slices::DisjointSlices;
use crate::geometry::{ConvGeometry, FilterLayout};
use crate::im2col::Im2col;
use crate::isa::Isa;
use crate::matmul::{MatrixView, is_plain, multiply};
use crate::microkernel::{Target, product};
use crate::moments::ChannelMoments;
use crate::packing::PackedMatrix;
use crate::uninit::{Initialised, write_uninit};

thread_local! {
    /// Patches of a part. Kept, because pages that are new cost more than the copy itself.
    static BUFFER: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Lends the thread's buffer. rayon may run another task of ours within this one only where we wait, which we do not.
pub(crate) fn with_buffer<T>(work: impl FnOnce(&mut Vec<f32>) -> T) -> T {
    BUFFER.with(|buffer| work(&mut buffer.borrow_mut()))
}

/// What is done with a piece of the output while it is still in the cache.
#[derive(Debug, Clone, Copy)]
pub enum Epilogue<'a> {
    /// Its moments for each channel are measured.
    Measure,
    /// Batch norm, a residual `[rows, outputs]` if there is one, and ReLU if the last is true.
    Apply(&'a ScaleShift, Option<&'a [f32]>, bool),
}

/// The output, `[rows, outputs]`, and its moments if they are measured.
pub fn forward(
    isa: Isa,
    geometry: &ConvGeometry,
    input: &[f32],
    filter: (&[f32], FilterLayout),
    epilogue: Epilogue<'_>,
) -> (Vec<f32>, Option<ChannelMoments>) {
    let ConvGeometry { images, inputs, outputs, .. } = *geometry;
    assert_eq!(input.len(), images * geometry.image());
    let (weights, layout) = filter;
    layout.check(geometry, weights.len());
    if is_plain(geometry, isa) {
        let left = MatrixView::rows(input, inputs);
        let right = MatrixView { values: weights, row: layout.input, column: layout.output };
        let product = |to: &mut [MaybeUninit<f32>]| {
            multiply([geometry.rows(), outputs, inputs], left, right, to, [outputs, 1]);
            Initialised
        };
        // SAFETY: `multiply` writes each element of a matrix whose rows lie one after another.
        let mut output = unsafe { write_uninit(geometry.rows() * outputs, product) };
        let moments = in_pieces(isa, &mut output, outputs, epilogue);
        return (output, moments);
    }
    let depth = geometry.taps() * inputs;
    let at = |row: usize| row / inputs * layout.tap + row % inputs * layout.input;
    let panels = PackedMatrix::pack(isa, weights, [depth, outputs, layout.output], at);
    let im2col = Im2col::new(*geometry);
    let (parts, image) = (geometry.parts(), geometry.positions() * outputs);
    let ranges: Vec<_> = (0..parts.groups()).flat_map(|group| parts.of_group(group)).collect();
    let mut moments: Vec<Option<ChannelMoments>> = vec![];
    let product = |to: &mut [MaybeUninit<f32>]| {
        let shared = DisjointSlices::new(to);
        let make = |part: &std::ops::Range<usize>| {
            // SAFETY: parts are disjoint ranges of images.
            let output = unsafe { shared.range(part.start * image, part.len() * image) };
            with_buffer(|buffer| {
                let values = im2col.values(input, part.clone(), buffer);
                all_panels(isa, values, im2col.regions(), part.len(), &panels, output);
            });
            // SAFETY: each position is in one of the regions, so that every number has been written.
            let output = unsafe { &mut *(std::ptr::from_mut(output) as *mut [f32]) };
            epilogue.piece(isa, output, part.start * image, outputs)
        };
        // Collected in the order of the parts, and merged in it.
        moments = ranges.par_iter().map(make).collect();
        Initialised
    };
    // SAFETY: the parts are all images, and each is written.
    let output = unsafe { write_uninit(geometry.rows() * outputs, product) };
    (output, moments.into_iter().flatten().reduce(ChannelMoments::merge))
}

impl Epilogue<'_> {
    /// The end of a piece of the output that begins at number `from`.
    fn piece(self, isa: Isa, output: &mut [f32], from: usize, channels: usize) -> Option<ChannelMoments> {
        match self {
            Epilogue::Measure => Some(ChannelMoments::of(isa, output, channels)),
            Epilogue::Apply(scale_shift, residual, rectified) => {
                let residual = residual.map(|residual| &residual[from..from + output.len()]);
                apply_in_place(isa, output, scale_shift, residual, rectified);
                None
            }
        }
    }
}

/// Finishes pieces of a fixed size, merging moments in order.
fn in_pieces(isa: Isa, output: &mut [f32], channels: usize, epilogue: Epilogue<'_>) -> Option<ChannelMoments> {
    let step = rows_at_once(channels) * channels;
    let pieces = output.par_chunks_mut(step).enumerate();
    let moments: Vec<_> = pieces.map(|(at, piece)| epilogue.piece(isa, piece, at * step, channels)).collect();
    moments.into_iter().flatten().reduce(ChannelMoments::merge)
}

/// The product of the regions' rows, of the first `images` of a part, with every panel.
pub(crate) fn all_panels(
    isa: Isa,
    values: &[f32],
    regions: &[Region],
    images: usize,
    panels: &PackedMatrix,
    output: &mut [MaybeUninit<f32>],
) {
    let last = regions.iter().flat_map(|region| region.places(images)).max().copied().unwrap_or(0);
    for (first, width, panel) in panels.iter() {
        assert!(last + first + width <= output.len());
        for region in regions {
            let target =
                Target { to: output[first..].as_mut_ptr().cast(), rows: region.places(images), width, add: false };
            // SAFETY: the farthest row ends within `output`, as was just checked.
            unsafe { product(isa, region.stretches(values, images), panel, target) };
        }
    }
}
