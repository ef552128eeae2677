//! The linear part of a layer: `output = filter * input`, for convolutions and linear layers alike.

use std::cell::RefCell;

use rayon::prelude::*;

use crate::geometry::{Geometry, Layout};
use crate::level::Level;
use crate::matrix::{Matrix, is_plain, multiply};
use crate::moments::Moments;
use crate::norm::{Affine, apply_in_place, rows_at_once};
use crate::panels::Panels;
use crate::shared_mut::SharedMut;
use crate::tile::{Stretches, Target, product};
use crate::windows::Windows;

thread_local! {
    /// The images of a part with zeros around them. Kept, because pages that are new cost more than the copy itself.
    static BUFFER: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Lends the thread's buffer. rayon may run another task of ours within this one only where we wait, which we do not.
pub(crate) fn with_buffer<T>(work: impl FnOnce(&mut Vec<f32>) -> T) -> T {
    BUFFER.with(|buffer| work(&mut buffer.borrow_mut()))
}

/// What is done with a piece of the output while it is still in the cache.
#[derive(Clone, Copy)]
pub enum Finish<'a> {
    /// Its moments for each channel are measured.
    Measure,
    /// Batch norm, a residual `[rows, outputs]` if there is one, and ReLU if the last is true.
    Apply(&'a Affine, Option<&'a [f32]>, bool),
}

/// Writes `output`, `[rows, outputs]`, and returns its moments if they are measured.
pub fn forward(
    level: Level,
    geometry: &Geometry,
    input: &[f32],
    filter: (&[f32], Layout),
    output: &mut [f32],
    finish: Finish<'_>,
) -> Option<Moments> {
    let Geometry { images, inputs, outputs, .. } = *geometry;
    assert_eq!(input.len(), images * geometry.image());
    assert_eq!(output.len(), geometry.rows() * outputs);
    let (weights, layout) = filter;
    if is_plain(geometry, level) {
        let left = Matrix::rows(input, inputs);
        let right = Matrix { values: weights, row: layout.input, column: layout.output };
        multiply([geometry.rows(), outputs, inputs], left, right, output, [outputs, 1]);
        return in_pieces(level, output, outputs, finish);
    }
    let depth = geometry.taps() * inputs;
    let at = |row: usize| row / inputs * layout.tap + row % inputs * layout.input;
    let panels = Panels::pack(level, weights, [depth, outputs, layout.output], at);
    let windows = Windows::new(*geometry);
    let (parts, positions) = (geometry.parts(), geometry.positions());
    let places: Vec<usize> = (0..parts.part * positions).map(|row| row * outputs).collect();
    let shared = SharedMut::new(output);
    let ranges: Vec<_> = (0..parts.groups()).flat_map(|group| parts.of_group(group)).collect();
    let make = |part: &std::ops::Range<usize>| {
        // SAFETY: parts are disjoint ranges of images.
        let output = unsafe { shared.range(part.start * positions * outputs, part.len() * positions * outputs) };
        with_buffer(|buffer| {
            let left = windows.stretches(input, part.clone(), buffer);
            all_panels(level, left, &panels, output, &places[..left.rows.len()]);
        });
        finish.piece(level, output, part.start * positions * outputs, outputs)
    };
    // Collected in the order of the parts, and merged in it.
    let moments: Vec<Option<Moments>> = ranges.par_iter().map(make).collect();
    moments.into_iter().flatten().reduce(Moments::merge)
}

impl Finish<'_> {
    /// The end of a piece of the output that begins at number `from`.
    fn piece(self, level: Level, output: &mut [f32], from: usize, channels: usize) -> Option<Moments> {
        match self {
            Finish::Measure => Some(Moments::of(level, output, channels)),
            Finish::Apply(affine, residual, rectified) => {
                let residual = residual.map(|residual| &residual[from..from + output.len()]);
                apply_in_place(level, output, affine, residual, rectified);
                None
            }
        }
    }
}

/// Finishes pieces of a fixed size, merging moments in order.
fn in_pieces(level: Level, output: &mut [f32], channels: usize, finish: Finish<'_>) -> Option<Moments> {
    let step = rows_at_once(channels) * channels;
    let pieces = output.par_chunks_mut(step).enumerate();
    let moments: Vec<_> = pieces.map(|(at, piece)| finish.piece(level, piece, at * step, channels)).collect();
    moments.into_iter().flatten().reduce(Moments::merge)
}

/// The product with every panel; `places` are the offsets of the rows in `output`.
pub(crate) fn all_panels(level: Level, left: Stretches<'_>, panels: &Panels, output: &mut [f32], places: &[usize]) {
    let last = places.iter().copied().max().unwrap_or(0);
    for (first, width, panel) in panels.iter() {
        assert!(places.is_empty() || last + first + width <= output.len());
        let target = Target { to: output[first..].as_mut_ptr(), rows: places, width, add: false };
        // SAFETY: the farthest row ends within `output`, as was just checked.
        unsafe { product(level, left, panel, target) };
    }
}
