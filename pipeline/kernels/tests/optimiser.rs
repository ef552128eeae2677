//! Optimiser steps of every instruction set against their formulas in 64 bits, over parameters of many lengths at once.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use relata_kernels::Isa;
use relata_kernels::optimiser::{AdamWStep, Parameter, SgdStep, adamw, sgd};

/// Weights and the gradients of three steps.
#[derive(Debug, Clone)]
struct Case {
    weights: Vec<f32>,
    gradients: [Vec<f32>; 3],
}

fn case() -> impl Strategy<Value = Case> {
    // A piece that one task takes is 8192 numbers.
    let len = prop_oneof![8 => 0usize..70, 1 => 8190usize..8200, 1 => 16_380usize..20_000];
    (len, 0u32..1000).prop_map(|(len, seed)| {
        let numbers = |salt: u32| -> Vec<f32> {
            let number = |i: usize| ((i as u32).wrapping_mul(2_654_435_761).wrapping_add(seed * 97 + salt) >> 8) as f32;
            (0..len).map(|i| number(i) / f32::from(1u16 << 15) / 256.0 - 1.0).collect()
        };
        Case { weights: numbers(1), gradients: [numbers(2), numbers(3), numbers(4)] }
    })
}

/// Three steps over all parameters by the kernel, each parameter with `N` vectors of state.
fn by_kernel<const N: usize>(cases: &[Case], step: impl Fn(i32, Vec<Parameter<'_, N>>)) -> Vec<Vec<f32>> {
    let mut weights: Vec<Vec<f32>> = cases.iter().map(|c| c.weights.clone()).collect();
    let mut states: Vec<[Vec<f32>; N]> = cases.iter().map(|c| [(); N].map(|()| vec![0.0; c.weights.len()])).collect();
    for time in 0..3 {
        let parameters = weights.iter_mut().zip(&mut states).zip(cases).map(|((weights, state), case)| Parameter {
            weights,
            gradient: &case.gradients[time],
            state: state.each_mut().map(Vec::as_mut_slice),
        });
        step(time as i32 + 1, parameters.collect());
    }
    weights
}

fn compare(found: &[Vec<f32>], cases: &[Case], naive: impl Fn(f64, [f64; 3]) -> f64) -> Result<(), TestCaseError> {
    for (found, case) in found.iter().zip(cases) {
        prop_assert_eq!(found.len(), case.weights.len());
        for (i, &found) in found.iter().enumerate() {
            let gradients = [0, 1, 2].map(|time: usize| f64::from(case.gradients[time][i]));
            let expected = naive(f64::from(case.weights[i]), gradients);
            prop_assert!((f64::from(found) - expected).abs() < 1e-5, "{found} instead of {expected}");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn adamw_is_its_formula(cases in prop::collection::vec(case(), 0..6)) {
        const RATE: f64 = 0.03;
        for &isa in Isa::supported() {
            let found = by_kernel(&cases, |time, parameters| {
                let step = AdamWStep { rate: RATE, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, decay: 0.1, time };
                adamw(isa, step, parameters);
            });
            compare(&found, &cases, |mut w, gradients| {
                let (mut first, mut second) = (0.0, 0.0);
                for (g, time) in gradients.into_iter().zip(1..) {
                    first = 0.9 * first + 0.1 * g;
                    second = 0.999 * second + 0.001 * g * g;
                    let unbiased = (first / (1.0 - 0.9f64.powi(time)), second / (1.0 - 0.999f64.powi(time)));
                    w = w - RATE * 0.1 * w - RATE * unbiased.0 / (unbiased.1.sqrt() + 1e-8);
                }
                w
            })?;
        }
    }

    #[test]
    fn sgd_is_its_formula(cases in prop::collection::vec(case(), 0..6)) {
        for &isa in Isa::supported() {
            let step = SgdStep { rate: 0.1, momentum: 0.9, decay: 0.2 };
            let found = by_kernel(&cases, |_, parameters| sgd(isa, step, parameters));
            compare(&found, &cases, |mut w, gradients| {
                let mut velocity = 0.0;
                for g in gradients {
                    velocity = 0.9 * velocity + g + 0.2 * w;
                    w -= 0.1 * velocity;
                }
                w
            })?;
        }
    }
}
