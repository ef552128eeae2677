//! Optimiser steps in one pass over a parameter and its state.

use rayon::prelude::*;

use crate::lanes::Lanes;
use crate::level::{Level, at_level};
use crate::split::ELEMENTWISE;

/// The settings of one AdamW step (Loshchilov and Hutter 2019).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AdamW {
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

/// One AdamW step; `moments` are both moments, zeros before the first step.
pub fn adamw(level: Level, step: AdamW, weights: &mut [f32], gradient: &[f32], moments: [&mut [f32]; 2]) {
    let [first, second] = moments;
    assert!([gradient.len(), first.len(), second.len()] == [weights.len(); 3]);
    let pieces = weights.par_chunks_mut(ELEMENTWISE).zip(gradient.par_chunks(ELEMENTWISE));
    let pieces = pieces.zip(first.par_chunks_mut(ELEMENTWISE).zip(second.par_chunks_mut(ELEMENTWISE)));
    pieces.for_each(|((weights, gradient), (first, second))| {
        at_level!(
            level,
            adamw_piece(
                step: AdamW = step, weights: &mut [f32] = weights, gradient: &[f32] = gradient,
                first: &mut [f32] = first, second: &mut [f32] = second
            )
        );
    });
}

#[inline(always)]
fn adamw_piece<L: Lanes>(step: AdamW, weights: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
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

/// One step of gradient descent with momentum: `velocity = momentum * velocity + gradient + decay * weights`.
pub fn sgd(
    level: Level,
    [rate, momentum, decay]: [f32; 3],
    weights: &mut [f32],
    gradient: &[f32],
    velocity: &mut [f32],
) {
    assert!([gradient.len(), velocity.len()] == [weights.len(); 2]);
    let pieces = weights.par_chunks_mut(ELEMENTWISE).zip(gradient.par_chunks(ELEMENTWISE));
    pieces.zip(velocity.par_chunks_mut(ELEMENTWISE)).for_each(|((weights, gradient), velocity)| {
        at_level!(
            level,
            sgd_piece(
                settings: [f32; 3] = [rate, momentum, decay], weights: &mut [f32] = weights,
                gradient: &[f32] = gradient, velocity: &mut [f32] = velocity
            )
        );
    });
}

#[inline(always)]
fn sgd_piece<L: Lanes>([rate, momentum, decay]: [f32; 3], weights: &mut [f32], gradient: &[f32], velocity: &mut [f32]) {
    let len = weights.len();
    let (gradient, velocity) = (&gradient[..len], &mut velocity[..len]);
    for i in 0..len {
        velocity[i] = velocity[i] * momentum + (gradient[i] + decay * weights[i]);
        weights[i] -= rate * velocity[i];
    }
}
