//! Gradients of the linear part of a layer, for its filter and its input.

use std::ops::Range;

use rayon::prelude::*;

use crate::geometry::{Geometry, Layout};
use crate::input_gradient::InputGradient;
use crate::level::Level;
use crate::linear_map::with_buffer;
use crate::matrix::{Matrix, is_plain, multiply};
use crate::shared_mut::SharedMut;
use crate::split::ELEMENTWISE;
use crate::tile::{Target, columns, transposed};
use crate::windows::Windows;

/// Gradients of the filter (in its own layout) and, if `wanted`, of the input.
///
/// `gradient(images, to)` writes the gradient of the output of some images to `to`; each image is asked for once.
pub fn backward(
    level: Level,
    geometry: &Geometry,
    input: &[f32],
    filter: (&[f32], Layout),
    gradient: &(dyn Fn(Range<usize>, &mut [f32]) + Sync),
    wanted: bool,
) -> (Vec<f32>, Option<Vec<f32>>) {
    let Geometry { images, inputs, outputs, .. } = *geometry;
    assert_eq!(input.len(), images * geometry.image());
    if is_plain(geometry, level) {
        return plain(geometry, input, filter, gradient, wanted);
    }
    let windows = Windows::new(*geometry);
    let to_input = wanted.then(|| InputGradient::new(level, geometry, filter.0, filter.1));
    let mut of_input = if wanted { vec![0.0; input.len()] } else { vec![] };
    let shared = SharedMut::new(&mut of_input);
    let (parts, positions) = (geometry.parts(), geometry.positions());
    let height = geometry.taps() * inputs;
    let width = columns(level);
    let places: Vec<usize> = (0..height).map(|row| row * outputs).collect();
    let of_group = |group: usize| {
        let mut of_filter = vec![0.0f32; height * outputs];
        let (mut of_output, mut panels) = (vec![], vec![]);
        for (number, part) in parts.of_group(group).enumerate() {
            let rows = part.len() * positions;
            of_output.resize(rows * outputs, 0.0);
            gradient(part.clone(), &mut of_output);
            pack(&of_output, outputs, width, &mut panels);
            with_buffer(|buffer| {
                let left = windows.stretches(input, part.clone(), buffer);
                for (panel, first) in panels.chunks_exact(rows * width).zip((0..outputs).step_by(width)) {
                    for (tap, &offset) in left.taps.iter().enumerate() {
                        let from = tap * left.depth * outputs + first;
                        let target = Target {
                            to: of_filter[from..].as_mut_ptr(),
                            rows: &places[..left.depth],
                            width: width.min(outputs - first),
                            add: number > 0,
                        };
                        // SAFETY: `left.depth` rows from the tap's first lie within `of_filter`, which has as many for
                        // each tap.
                        unsafe { transposed(level, left.values, left.rows, offset, panel, target) };
                    }
                }
            });
            if let Some(to_input) = &to_input {
                // SAFETY: parts are disjoint ranges of images.
                let to = unsafe { shared.range(part.start * geometry.image(), part.len() * geometry.image()) };
                to_input.write(level, &of_output, to);
            }
        }
        of_filter
    };
    let groups: Vec<Vec<f32>> = (0..parts.groups()).into_par_iter().map(of_group).collect();
    (unpack(&groups, geometry, filter.1, filter.0.len()), wanted.then_some(of_input))
}

/// The gradients of a layer whose products are plain.
fn plain(
    geometry: &Geometry,
    input: &[f32],
    (weights, layout): (&[f32], Layout),
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
    let of_rows = Matrix::rows(&of_output, outputs);
    let mut of_filter = vec![0.0; weights.len()];
    let left = Matrix::rows(input, inputs).transposed();
    multiply([inputs, outputs, rows], left, of_rows, &mut of_filter, [layout.input, layout.output]);
    let of_input = wanted.then(|| {
        let mut of_input = vec![0.0; input.len()];
        let right = Matrix { values: weights, row: layout.output, column: layout.input };
        multiply([rows, inputs, outputs], of_rows, right, &mut of_input, [inputs, 1]);
        of_input
    });
    (of_filter, of_input)
}

/// Rows of `outputs` numbers as panels of `width` columns.
fn pack(from: &[f32], outputs: usize, width: usize, to: &mut Vec<f32>) {
    let rows = from.len() / outputs;
    to.resize(outputs.div_ceil(width) * rows * width, 0.0);
    for (panel, first) in to.chunks_exact_mut((rows * width).max(1)).zip((0..outputs).step_by(width)) {
        let here = width.min(outputs - first);
        for (to, row) in panel.chunks_exact_mut(width).zip(from.chunks_exact(outputs)) {
            to[..here].copy_from_slice(&row[first..first + here]);
            to[here..].fill(0.0);
        }
    }
}

/// Adds the groups up, in order, and brings the sum into the filter's layout.
fn unpack(groups: &[Vec<f32>], geometry: &Geometry, layout: Layout, len: usize) -> Vec<f32> {
    let (inputs, outputs) = (geometry.inputs, geometry.outputs);
    let mut result = vec![0.0; len];
    let shared = SharedMut::new(&mut result);
    (0..inputs).into_par_iter().for_each(|input| {
        let mut row = vec![0.0; outputs];
        for tap in 0..geometry.taps() {
            let from = (tap * inputs + input) * outputs;
            row.fill(0.0);
            groups.iter().for_each(|group| {
                row.iter_mut().zip(&group[from..from + outputs]).for_each(|(sum, &value)| *sum += value);
            });
            for (output, &value) in row.iter().enumerate() {
                // SAFETY: every weight belongs to one input channel, so to one task.
                unsafe { shared.range(output * layout.output + input * layout.input + tap * layout.tap, 1)[0] = value };
            }
        }
    });
    result
}
