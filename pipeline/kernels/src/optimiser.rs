//! Optimiser steps (AdamW, SGD), fused into one pass over all parameters of a model and their states.

use rayon::prelude::*;

use crate::isa::{Isa, dispatch};
use crate::partition::ELEMENTWISE;
use crate::simd::Simd;

/// A parameter, its gradient and the `N` vectors that its optimiser keeps, all of one length.
#[derive(Debug)]
pub struct Parameter<'a, const N: usize> {
    /// What is learned.
    pub weights: &'a mut [f32],
    /// The derivative of the loss.
    pub gradient: &'a [f32],
    /// Zeros before the first step.
    pub state: [&'a mut [f32]; N],
}

impl<'a, const N: usize> Parameter<'a, N> {
    /// Splits it into pieces that stay in the first cache.
    fn pieces(self) -> impl Iterator<Item = Parameter<'a, N>> {
        let len = self.weights.len();
        assert!(self.gradient.len() == len && self.state.iter().all(|s| s.len() == len), "lengths differ");
        let mut state = self.state.map(|state| state.chunks_mut(ELEMENTWISE));
        let pieces = self.weights.chunks_mut(ELEMENTWISE).zip(self.gradient.chunks(ELEMENTWISE));
        pieces.map(move |(weights, gradient)| {
            let state = state.each_mut().map(|chunks| chunks.next().unwrap_or_default());
            Parameter { weights, gradient, state }
        })
    }
}

/// The settings of one AdamW step (Loshchilov and Hutter 2019).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamWStep {
    /// Learning rate.
    pub rate: f64,
    /// Decay of the first moment.
    pub beta_1: f32,
    /// Decay of the second moment.
    pub beta_2: f32,
    /// Keeps the denominator from 0.
    pub epsilon: f32,
    /// Share of the weights that a rate of 1 takes away.
    pub decay: f64,
    /// Steps taken, this one included.
    pub time: i32,
}

/// One AdamW step; the states are the first and the second moment.
pub fn adamw(isa: Isa, step: AdamWStep, parameters: Vec<Parameter<'_, 2>>) {
    in_pieces(parameters, |Parameter { weights, gradient, state: [first, second] }| {
        dispatch!(
            isa,
            adamw_piece(
                step: AdamWStep = step, weights: &mut [f32] = weights, gradient: &[f32] = gradient,
                first: &mut [f32] = first, second: &mut [f32] = second
            )
        );
    });
}

/// The settings of one step of gradient descent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SgdStep {
    /// Learning rate.
    pub rate: f32,
    /// What is left of the velocity.
    pub momentum: f32,
    /// Share of the weights that is added to the gradient.
    pub decay: f32,
}

/// One step of gradient descent; the state is `velocity = momentum velocity + gradient + decay weights`.
pub fn sgd(isa: Isa, step: SgdStep, parameters: Vec<Parameter<'_, 1>>) {
    in_pieces(parameters, |Parameter { weights, gradient, state: [velocity] }| {
        dispatch!(
            isa,
            sgd_piece(
                step: SgdStep = step, weights: &mut [f32] = weights, gradient: &[f32] = gradient,
                velocity: &mut [f32] = velocity
            )
        );
    });
}

/// All parameters are one list of pieces, so that the many small ones do not each wait for all threads.
fn in_pieces<const N: usize>(parameters: Vec<Parameter<'_, N>>, step: impl Fn(Parameter<'_, N>) + Send + Sync) {
    let pieces: Vec<_> = parameters.into_iter().flat_map(Parameter::pieces).collect();
    pieces.into_par_iter().for_each(step);
}

#[inline(always)]
fn adamw_piece<L: Simd>(step: AdamWStep, weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
    let (one, two) = (step.beta_1, step.beta_2);
    let (rest_1, rest_2) = (1.0 - one, 1.0 - two);
    let correction_1 = 1.0 - f64::from(one).powi(step.time);
    let correction_2 = (1.0 - f64::from(two).powi(step.time)).sqrt() as f32;
    let rate = (step.rate / correction_1) as f32;
    let keep = (1.0 - step.rate * step.decay) as f32;
    let len = weights.len();
    let (gradient, first, second) = (&gradient[..len], &mut first[..len], &mut second[..len]);
    for i in 0..len {
        let g = gradient[i];
        first[i] = first[i] * one + g * rest_1;
        second[i] = second[i] * two + g * g * rest_2;
        weights[i] = weights[i] * keep - rate * first[i] / (second[i].sqrt() / correction_2 + step.epsilon);
    }
}

#[inline(always)]
fn sgd_piece<L: Simd>(step: SgdStep, weights: &mut [f32], gradient: &[f32], velocity: &mut [f32]) {
    let len = weights.len();
    let (gradient, velocity) = (&gradient[..len], &mut velocity[..len]);
    for i in 0..len {
        velocity[i] = velocity[i] * step.momentum + (gradient[i] + step.decay * weights[i]);
        weights[i] -= step.rate * velocity[i];
    }
}
