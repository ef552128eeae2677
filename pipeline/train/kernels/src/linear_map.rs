//! The linear part of a layer: `output = filter * input`, for convolutions and linear layers alike.

use std::cell::RefCell;

use rayon::prelude::*;

use crate::geometry::{Geometry, Layout};
use crate::level::Level;
use crate::matrix::{Matrix, is_plain, multiply};
use crate::moments::Moments;
use crate::norm::rows_at_once;
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

/// Writes `output`, `[rows, outputs]`, and returns its moments for each channel if `measured`.
pub fn forward(
    level: Level,
    geometry: &Geometry,
    input: &[f32],
    filter: (&[f32], Layout),
    output: &mut [f32],
    measured: bool,
) -> Option<Moments> {
    let Geometry { images, inputs, outputs, .. } = *geometry;
    assert_eq!(input.len(), images * geometry.image());
    assert_eq!(output.len(), geometry.rows() * outputs);
    let (weights, layout) = filter;
    if is_plain(geometry, level) {
        let left = Matrix::rows(input, inputs);
        let right = Matrix { values: weights, row: layout.input, column: layout.output };
        multiply([geometry.rows(), outputs, inputs], left, right, output, [outputs, 1]);
        return measured.then(|| in_pieces(level, output, outputs));
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
        measured.then(|| Moments::of(level, output, outputs))
    };
    // Collected in the order of the parts, and merged in it.
    let moments: Vec<Option<Moments>> = ranges.par_iter().map(make).collect();
    moments.into_iter().flatten().reduce(Moments::merge)
}

/// Moments of pieces of a fixed size, merged in order.
fn in_pieces(level: Level, output: &[f32], channels: usize) -> Moments {
    let pieces = output.par_chunks(rows_at_once(channels) * channels);
    let moments: Vec<Moments> = pieces.map(|piece| Moments::of(level, piece, channels)).collect();
    moments.into_iter().reduce(Moments::merge).expect("a batch has at least one row")
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
