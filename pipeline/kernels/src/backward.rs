//! Backward pass of a layer's linear part: gradients of its filter and its input.

use std::cell::RefCell;
use std::mem::MaybeUninit;
use std::ops::Range;

use rayon::prelude::*;

use crate::disjoint_slices::DisjointSlices;
use crate::forward::with_buffer;
use crate::geometry::{ConvGeometry, FilterLayout};
use crate::im2col::Im2col;
use crate::input_gradient::InputGradient;
use crate::isa::Isa;
use crate::matmul::{MatrixView, is_plain, multiply};
use crate::microkernel::{Summands, Target, columns, transposed};
use crate::partition::ELEMENTWISE;
use crate::uninit::{Initialised, write_uninit};

thread_local! {
    /// Some columns of the gradient of the output.
    static PANEL: RefCell<Vec<f32>> = const { RefCell::new(Vec::new()) };
}

/// Gradients of the filter (in its own layout) and, if `wanted`, of the input.
///
/// `gradient(images, to)` writes the gradient of the output of some images to `to`; each image is asked for once.
pub fn backward(
    isa: Isa,
    geometry: &ConvGeometry,
    input: &[f32],
    filter: (&[f32], FilterLayout),
    gradient: &(dyn Fn(Range<usize>, &mut [f32]) + Sync),
    wanted: bool,
) -> (Vec<f32>, Option<Vec<f32>>) {
    let ConvGeometry { images, inputs, outputs, .. } = *geometry;
    assert_eq!(input.len(), images * geometry.image());
    filter.1.check(geometry, filter.0.len());
    if is_plain(geometry, isa) {
        return plain(geometry, input, filter, gradient, wanted);
    }
    let to_input = wanted.then(|| InputGradient::new(isa, geometry, filter.0, filter.1));
    let (parts, image) = (geometry.parts(), geometry.image());
    let products = Products { isa, geometry: *geometry, im2col: Im2col::new(*geometry), input };
    let mut groups: Vec<Vec<f32>> = vec![];
    let of_groups = |to: &mut [MaybeUninit<f32>]| {
        let shared = DisjointSlices::new(to);
        let of_group = |group: usize| {
            let mut of_filter = vec![0.0f32; geometry.taps() * inputs * outputs];
            let mut of_output = vec![];
            for part in parts.of_group(group) {
                of_output.resize(part.len() * geometry.positions() * outputs, 0.0);
                gradient(part.clone(), &mut of_output);
                products.add(part.clone(), &of_output, &mut of_filter);
                if let Some(to_input) = &to_input {
                    // SAFETY: parts are disjoint ranges of images.
                    let to = unsafe { shared.range(part.start * image, part.len() * image) };
                    to_input.write(isa, &of_output, to);
                }
            }
            of_filter
        };
        groups = (0..parts.groups()).into_par_iter().map(of_group).collect();
        Initialised
    };
    // SAFETY: the parts are all images, and `InputGradient::write` writes every number of each; if the input's gradient
    // is not wanted, there is no number.
    let of_input = unsafe { write_uninit(if wanted { input.len() } else { 0 }, of_groups) };
    (unpack(&groups, geometry, filter.1, filter.0.len()), wanted.then_some(of_input))
}

/// The products that the filter's gradient is the sum of.
struct Products<'a> {
    isa: Isa,
    geometry: ConvGeometry,
    im2col: Im2col,
    input: &'a [f32],
}

impl Products<'_> {
    /// Adds those of some images to `of_filter`, `[taps, inputs, outputs]`.
    fn add(&self, images: Range<usize>, of_output: &[f32], of_filter: &mut [f32]) {
        let (outputs, width, count) = (self.geometry.outputs, columns(self.isa), images.len());
        let (regions, depth) = (self.im2col.regions(), self.im2col.depth());
        let places: Vec<usize> = (0..depth).map(|row| row * outputs).collect();
        let work = |buffer: &mut Vec<f32>, panels: &mut Vec<f32>| {
            let values = self.im2col.values(self.input, images, buffer);
            for first in (0..outputs).step_by(width) {
                let here = width.min(outputs - first);
                pack(of_output, regions.iter().map(|region| region.places(count)), first..first + here, width, panels);
                for from in (0..of_filter.len() / outputs).step_by(depth) {
                    let mut panels = panels.as_slice();
                    let summands = regions.iter().filter_map(|region| {
                        let (panel, rest) = panels.split_at(region.len(count) * width);
                        panels = rest;
                        Some(Summands { rows: region.rows(count), offset: region.offset(from)?, panel })
                    });
                    let summands: Vec<_> = summands.collect();
                    let to = &mut of_filter[from * outputs..(from + depth) * outputs];
                    let target = Target { to: to[first..].as_mut_ptr(), rows: &places, width: here, add: true };
                    // SAFETY: `to` has `depth` rows of `outputs` numbers, of which `here` are left behind `first`.
                    unsafe { transposed(self.isa, values, &summands, target) };
                }
            }
        };
        with_buffer(|buffer| PANEL.with_borrow_mut(|panel| work(buffer, panel)));
    }
}

/// The gradients of a layer whose products are plain.
fn plain(
    geometry: &ConvGeometry,
    input: &[f32],
    (weights, layout): (&[f32], FilterLayout),
    gradient: &(dyn Fn(Range<usize>, &mut [f32]) + Sync),
    wanted: bool,
) -> (Vec<f32>, Option<Vec<f32>>) {
    let (rows, inputs, outputs) = (geometry.rows(), geometry.inputs, geometry.outputs);
    let image = geometry.positions() * outputs;
    let at_once = (ELEMENTWISE / image.max(1)).max(1);
    let mut of_output = vec![0.0; rows * outputs];
    of_output.par_chunks_mut(at_once * image).enumerate().for_each(|(piece, to)| {
        gradient(piece * at_once..piece * at_once + to.len() / image, to);
    });
    let of_rows = MatrixView::rows(&of_output, outputs);
    let product = |to: &mut [MaybeUninit<f32>]| {
        let left = MatrixView::rows(input, inputs).transposed();
        multiply([inputs, outputs, rows], left, of_rows, to, [layout.input, layout.output]);
        Initialised
    };
    // SAFETY: the filter of a single tap has a weight for each input and output and no other, as `backward` checked,
    // and all are written.
    let of_filter = unsafe { write_uninit(weights.len(), product) };
    let of_input = wanted.then(|| {
        let product = |to: &mut [MaybeUninit<f32>]| {
            let right = MatrixView { values: weights, row: layout.output, column: layout.input };
            multiply([rows, inputs, outputs], of_rows, right, to, [inputs, 1]);
            Initialised
        };
        // SAFETY: rows of `inputs` numbers lie one after another, and all are written.
        unsafe { write_uninit(input.len(), product) }
    });
    (of_filter, of_input)
}

/// Some columns of the rows that begin at `places`, in rows of `width` numbers.
fn pack<'a>(
    from: &[f32],
    places: impl Iterator<Item = &'a [usize]>,
    columns: Range<usize>,
    width: usize,
    to: &mut Vec<f32>,
) {
    to.clear();
    for place in places.flatten() {
        to.extend_from_slice(&from[place + columns.start..place + columns.end]);
        to.resize(to.len() + width - columns.len(), 0.0);
    }
}

/// Adds the groups up, in order, and brings the sum into the filter's layout.
fn unpack(groups: &[Vec<f32>], geometry: &ConvGeometry, layout: FilterLayout, len: usize) -> Vec<f32> {
    let (inputs, outputs) = (geometry.inputs, geometry.outputs);
    let mut result = vec![0.0; len];
    let shared = DisjointSlices::new(&mut result);
    (0..inputs).into_par_iter().for_each(|input| {
        let mut row = vec![0.0; outputs];
        for tap in 0..geometry.taps() {
            let from = (tap * inputs + input) * outputs;
            row.fill(0.0);
            groups.iter().for_each(|group| {
                row.iter_mut().zip(&group[from..from + outputs]).for_each(|(sum, &value)| *sum += value);
            });
            for (output, &value) in row.iter().enumerate() {
                // SAFETY: `backward` checked that every weight has a place of its own; it belongs to one input channel,
                // so to one task.
                unsafe { shared.range(layout.at(output, input, tap), 1)[0] = value };
            }
        }
    });
    result
}
