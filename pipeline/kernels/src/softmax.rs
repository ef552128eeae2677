//! Softmax cross-entropy with its gradient, over logits that lie class by class, so that loops run over rows.

use crate::isa::{Isa, dispatch};
use crate::simd::Simd;

/// Turns the logits `[classes, rows]` into the gradient of the rows' summed cross-entropy with respect to them, and
/// returns the sum. `wanted` is the class of each row. A logit that is no number makes the sum none.
pub fn cross_entropy(isa: Isa, logits: &mut [f32], wanted: &[u32]) -> f64 {
    let rows = wanted.len();
    if rows == 0 {
        return 0.0;
    }
    assert!(logits.len().is_multiple_of(rows));
    let mut largest = vec![f32::NEG_INFINITY; rows];
    dispatch!(isa, largest_of(logits: &[f32] = logits, largest: &mut [f32] = &mut largest));
    let apart = |(row, &class): (usize, &u32)| f64::from(logits[class as usize * rows + row] - largest[row]);
    let mut loss = -wanted.iter().enumerate().map(apart).sum::<f64>();
    let mut sums = vec![0.0f32; rows];
    dispatch!(isa, exponentials(logits: &mut [f32] = logits, largest: &[f32] = &largest, sums: &mut [f32] = &mut sums));
    // The logarithm of a product instead of a sum of logarithms; a sum of probabilities is at most the number of
    // classes.
    loss += sums.chunks(8).map(|sums| sums.iter().map(|&sum| f64::from(sum)).product::<f64>().ln()).sum::<f64>();
    dispatch!(isa, divide(logits: &mut [f32] = logits, sums: &[f32] = &sums));
    wanted.iter().enumerate().for_each(|(row, &class)| logits[class as usize * rows + row] -= 1.0);
    loss
}

#[inline(always)]
fn largest_of<L: Simd>(logits: &[f32], largest: &mut [f32]) {
    for logits in logits.chunks_exact(largest.len()) {
        for row in 0..logits.len() {
            largest[row] = if logits[row] > largest[row] { logits[row] } else { largest[row] };
        }
    }
}

#[inline(always)]
fn exponentials<L: Simd>(logits: &mut [f32], largest: &[f32], sums: &mut [f32]) {
    let rows = sums.len();
    let largest = &largest[..rows];
    for logits in logits.chunks_exact_mut(rows) {
        for row in 0..rows {
            logits[row] = exponential(logits[row] - largest[row]);
            sums[row] += logits[row];
        }
    }
}

#[inline(always)]
fn divide<L: Simd>(logits: &mut [f32], sums: &[f32]) {
    for logits in logits.chunks_exact_mut(sums.len()) {
        for row in 0..logits.len() {
            logits[row] /= sums[row];
        }
    }
}

/// `exp(x)` for `x` of at most 0, within two units of the last place, in steps that the compiler makes for many numbers at
/// once: x = n ln 2 + r, and a polynomial of r (Cephes, `expf`). Below -87 it is `exp(-87)`, which is 1e-38.
#[inline(always)]
pub(crate) fn exponential(x: f32) -> f32 {
    // Adding this rounds to a whole number, which is then in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    // Not `max`, which would make a number of what is none.
    let x = if x < -87.0 { -87.0 } else { x };
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
    let p = 1.987_569_1e-4;
    let p = p * r + 1.398_199_9e-3;
    let p = p * r + 8.333_452e-3;
    let p = p * r + 4.166_579_6e-2;
    let p = p * r + 1.666_666_5e-1;
    let p = p * r + 0.5;
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(0x3f80_0000));
    (p * r * r + r + 1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_those_of_the_library() {
        for step in 0..=100_000 {
            let x = -87.0 * (step as f32 / 100_000.0);
            let (found, expected) = (exponential(x), f64::from(x).exp());
            assert!((f64::from(found) - expected).abs() < 2.4e-7 * expected, "{x}: {found} {expected}");
        }
        assert_eq!(exponential(0.0), 1.0);
        assert!(exponential(f32::NEG_INFINITY) < 2e-38 && exponential(f32::NAN).is_nan());
    }

    #[test]
    fn the_gradient_and_the_loss_are_those_of_the_definition() {
        for (classes, rows) in [(2, 1), (3, 8), (10, 77)] {
            let logit = |class: usize, row: usize| (((class * 31 + row * 17) % 23) as f32 - 11.0) * 0.7;
            let wanted: Vec<u32> = (0..rows).map(|row| (row % classes) as u32).collect();
            for &isa in Isa::supported() {
                let mut logits: Vec<f32> =
                    (0..classes).flat_map(|class| (0..rows).map(move |row| logit(class, row))).collect();
                let found = cross_entropy(isa, &mut logits, &wanted);
                let mut expected = 0.0;
                for row in 0..rows {
                    let total: f64 = (0..classes).map(|class| f64::from(logit(class, row)).exp()).sum();
                    expected += total.ln() - f64::from(logit(wanted[row] as usize, row));
                    for class in 0..classes {
                        let share = f64::from(logit(class, row)).exp() / total;
                        let slope = share - f64::from(u8::from(wanted[row] as usize == class));
                        assert!((f64::from(logits[class * rows + row]) - slope).abs() < 1e-6);
                    }
                }
                assert!((found - expected).abs() < 1e-5 * (1.0 + expected), "{found} {expected}");
            }
        }
        assert!(!cross_entropy(Isa::best(), &mut [0.0, f32::NAN], &[0]).is_finite());
        assert_eq!(cross_entropy(Isa::best(), &mut [], &[]), 0.0);
    }
}
