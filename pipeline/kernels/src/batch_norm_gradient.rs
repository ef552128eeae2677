//! Gradients of batch norm and ReLU: two sums for each channel, from which the gradient of `y` follows row by row.

use rayon::prelude::*;

use crate::batch_norm::rows_at_once;
use crate::isa::{Isa, dispatch};
use crate::simd::Simd;

/// What the layer did: its linear part, its output and the statistics it was normalised with.
#[derive(Debug, Clone, Copy)]
pub struct Normalised<'a> {
    /// The linear part, `[rows, channels]`.
    pub y: &'a [f32],
    /// The layer's output, if it ended in ReLU.
    pub output: Option<&'a [f32]>,
    /// Mean of each channel.
    pub mean: &'a [f32],
    /// One divided by the standard deviation of each channel.
    pub deviation: &'a [f32],
    /// The learned factor of each channel.
    pub gamma: &'a [f32],
}

/// Sums over rows: the gradients of `beta` and `gamma`.
#[derive(Debug, Clone, PartialEq)]
pub struct NormGradient {
    /// The gradient of the summand.
    pub beta: Vec<f32>,
    /// The gradient of the factor.
    pub gamma: Vec<f32>,
}

/// Both sums from the gradient of the layer's output.
pub fn sums(isa: Isa, layer: Normalised<'_>, gradient: &[f32]) -> NormGradient {
    let channels = layer.gamma.len();
    assert_eq!(layer.y.len(), gradient.len());
    let step = rows_at_once(channels) * channels;
    let of_task = |task: usize| {
        let range = task * step..((task + 1) * step).min(gradient.len());
        let mut sums = vec![0.0f32; 2 * channels];
        let part = layer.part(range.clone());
        dispatch!(
            isa,
            add_up(layer: Normalised<'_> = part, gradient: &[f32] = &gradient[range], sums: &mut [f32] = &mut sums)
        );
        sums
    };
    let tasks: Vec<Vec<f32>> = (0..gradient.len().div_ceil(step)).into_par_iter().map(of_task).collect();
    let mut total = vec![0.0f64; 2 * channels];
    tasks.iter().for_each(|task| total.iter_mut().zip(task).for_each(|(sum, &value)| *sum += f64::from(value)));
    let total: Vec<f32> = total.into_iter().map(|sum| sum as f32).collect();
    NormGradient { beta: total[..channels].to_vec(), gamma: total[channels..].to_vec() }
}

impl<'a> Normalised<'a> {
    /// The layer on some of the numbers, whole rows.
    pub fn part(self, range: std::ops::Range<usize>) -> Self {
        Self { y: &self.y[range.clone()], output: self.output.map(|output| &output[range]), ..self }
    }
}

/// The gradient behind the ReLU: nothing where the output is 0, and all of it where the output is no number.
#[inline(always)]
fn behind(gradient: f32, output: f32) -> f32 {
    if output <= 0.0 { 0.0 } else { gradient }
}

#[inline(always)]
fn add_up<L: Simd>(layer: Normalised<'_>, gradient: &[f32], sums: &mut [f32]) {
    let channels = layer.gamma.len();
    let (beta, gamma) = sums.split_at_mut(channels);
    let (beta, gamma) = (&mut beta[..channels], &mut gamma[..channels]);
    let (mean, deviation) = (&layer.mean[..channels], &layer.deviation[..channels]);
    let output = layer.output.unwrap_or(gradient);
    let always = layer.output.is_none();
    let rows = gradient.chunks_exact(channels).zip(layer.y.chunks_exact(channels)).zip(output.chunks_exact(channels));
    for ((gradient, y), output) in rows {
        for c in 0..channels {
            let g = behind(gradient[c], if always { 1.0 } else { output[c] });
            beta[c] += g;
            gamma[c] += g * ((y[c] - mean[c]) * deviation[c]);
        }
    }
}

/// Writes the gradient of `y` for a part of the rows; `rows` counts those of the whole batch.
pub fn write(isa: Isa, layer: Normalised<'_>, gradient: &[f32], sums: &NormGradient, rows: usize, to: &mut [f32]) {
    assert!(layer.y.len() == gradient.len() && gradient.len() == to.len());
    dispatch!(
        isa,
        write_rows(
            layer: Normalised<'_> = layer, gradient: &[f32] = gradient, sums: &NormGradient = sums,
            rows: usize = rows, to: &mut [f32] = to
        )
    );
}

#[inline(always)]
fn write_rows<L: Simd>(layer: Normalised<'_>, gradient: &[f32], sums: &NormGradient, rows: usize, to: &mut [f32]) {
    let channels = layer.gamma.len();
    // gamma d (g - beta'/n - x gamma'/n) with x = (y - mean) d, as a g + b y + c.
    let (mut a, mut b, mut c) = (vec![0.0f32; channels], vec![0.0f32; channels], vec![0.0f32; channels]);
    for k in 0..channels {
        let n = rows as f32;
        a[k] = layer.gamma[k] * layer.deviation[k];
        b[k] = -a[k] * layer.deviation[k] * (sums.gamma[k] / n);
        c[k] = -a[k] * (sums.beta[k] / n) - b[k] * layer.mean[k];
    }
    let (a, b, c) = (&a[..channels], &b[..channels], &c[..channels]);
    let output = layer.output.unwrap_or(gradient);
    let always = layer.output.is_none();
    let rows = gradient.chunks_exact(channels).zip(layer.y.chunks_exact(channels)).zip(output.chunks_exact(channels));
    for (((gradient, y), output), to) in rows.zip(to.chunks_exact_mut(channels)) {
        for k in 0..channels {
            let g = behind(gradient[k], if always { 1.0 } else { output[k] });
            to[k] = a[k] * g + (b[k] * y[k] + c[k]);
        }
    }
}

/// The gradient behind the ReLU: that of the residual.
pub fn residual(gradient: &[f32], output: &[f32]) -> Vec<f32> {
    let pairs = gradient.par_iter().zip(output).with_min_len(crate::partition::ELEMENTWISE);
    pairs.map(|(&g, &o)| behind(g, o)).collect()
}
