//! Batch norm, a residual and ReLU after the linear part of a layer: `a = relu(y * scale + shift + residual)`.

use std::mem::MaybeUninit;

use rayon::prelude::*;

use crate::isa::{Isa, dispatch};
use crate::partition::ELEMENTWISE;
use crate::simd::Simd;
use crate::uninit::{Initialised, write_uninit};

/// What batch norm multiplies a channel with and adds to it.
#[derive(Debug, Clone, PartialEq)]
pub struct ScaleShift {
    /// Factor of each channel.
    pub scale: Vec<f32>,
    /// Summand of each channel.
    pub shift: Vec<f32>,
}

impl ScaleShift {
    /// From the statistics and the learned factor and summand.
    pub fn new(mean: &[f32], variance: &[f32], gamma: &[f32], beta: &[f32], epsilon: f64) -> Self {
        let deviations = deviations(variance, epsilon);
        let scale: Vec<f32> = gamma.iter().zip(&deviations).map(|(g, d)| g * d).collect();
        let shift = beta.iter().zip(mean).zip(&scale).map(|((b, m), s)| b - m * s).collect();
        Self { scale, shift }
    }
}

/// One divided by the standard deviation of each channel.
pub fn deviations(variance: &[f32], epsilon: f64) -> Vec<f32> {
    variance.iter().map(|&v| (1.0 / (f64::from(v) + epsilon).sqrt()) as f32).collect()
}

/// Rows that one task works on.
pub(crate) fn rows_at_once(channels: usize) -> usize {
    (ELEMENTWISE / channels.max(1)).max(1)
}

/// `relu(y * scale + shift + residual)`, all `[rows, channels]`; without ReLU if not `rectified`.
pub fn apply(isa: Isa, y: &[f32], scale_shift: &ScaleShift, residual: Option<&[f32]>, rectified: bool) -> Vec<f32> {
    let channels = scale_shift.scale.len();
    assert!(y.len().is_multiple_of(channels.max(1)) && residual.is_none_or(|r| r.len() == y.len()));
    let step = rows_at_once(channels) * channels;
    let floor = if rectified { 0.0 } else { f32::NEG_INFINITY };
    let write = |to: &mut [MaybeUninit<f32>]| {
        to.par_chunks_mut(step).enumerate().for_each(|(task, to)| {
            let range = task * step..task * step + to.len();
            let (y, residual) = (&y[range.clone()], residual.map(|r| &r[range]));
            dispatch!(
                isa,
                apply_rows(
                    y: &[f32] = y,
                    scale_shift: &ScaleShift = scale_shift,
                    residual: Option<&[f32]> = residual,
                    floor: f32 = floor,
                    to: &mut [MaybeUninit<f32>] = to
                )
            );
        });
        Initialised
    };
    // SAFETY: there are whole rows, and `apply_rows` writes each number of a row.
    unsafe { write_uninit(y.len(), write) }
}

/// As [`apply`], over `y` itself and by one thread.
pub(crate) fn apply_in_place(
    isa: Isa,
    y: &mut [f32],
    scale_shift: &ScaleShift,
    residual: Option<&[f32]>,
    rectified: bool,
) {
    assert!(residual.is_none_or(|r| r.len() == y.len()));
    let floor = if rectified { 0.0 } else { f32::NEG_INFINITY };
    dispatch!(
        isa,
        replace_rows(
            y: &mut [f32] = y,
            scale_shift: &ScaleShift = scale_shift,
            residual: Option<&[f32]> = residual,
            floor: f32 = floor
        )
    );
}

/// What is no number stays so, or a model that has diverged would look like one whose outputs are 0.
#[inline(always)]
fn at_least(floor: f32, x: f32) -> f32 {
    if x < floor { floor } else { x }
}

#[inline(always)]
fn replace_rows<L: Simd>(y: &mut [f32], scale_shift: &ScaleShift, residual: Option<&[f32]>, floor: f32) {
    let channels = scale_shift.scale.len();
    let (scale, shift) = (&scale_shift.scale[..channels], &scale_shift.shift[..channels]);
    let rows = y.chunks_exact_mut(channels);
    match residual {
        // Loops rather than `for_each`, whose closures would be compiled without the instruction set's instructions.
        None => {
            for y in rows {
                for c in 0..channels {
                    y[c] = at_least(floor, y[c] * scale[c] + shift[c]);
                }
            }
        }
        Some(residual) => {
            for (y, r) in rows.zip(residual.chunks_exact(channels)) {
                for c in 0..channels {
                    y[c] = at_least(floor, y[c] * scale[c] + shift[c] + r[c]);
                }
            }
        }
    }
}

#[inline(always)]
fn apply_rows<L: Simd>(
    y: &[f32],
    scale_shift: &ScaleShift,
    residual: Option<&[f32]>,
    floor: f32,
    to: &mut [MaybeUninit<f32>],
) {
    let channels = scale_shift.scale.len();
    let (scale, shift) = (&scale_shift.scale[..channels], &scale_shift.shift[..channels]);
    let rows = to.chunks_exact_mut(channels).zip(y.chunks_exact(channels));
    match residual {
        None => {
            for (to, y) in rows {
                for c in 0..channels {
                    to[c].write(at_least(floor, y[c] * scale[c] + shift[c]));
                }
            }
        }
        Some(residual) => {
            for ((to, y), r) in rows.zip(residual.chunks_exact(channels)) {
                for c in 0..channels {
                    to[c].write(at_least(floor, y[c] * scale[c] + shift[c] + r[c]));
                }
            }
        }
    }
}
