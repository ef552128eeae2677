//! Moments (mean and variance) of each channel, merged over parts of a batch without cancellation (Chan, Golub, LeVeque
//! 1983).

use crate::isa::{Isa, dispatch};
use crate::simd::Simd;

/// Count, mean and sum of squared deviations of each channel.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelMoments {
    count: f64,
    mean: Vec<f64>,
    squares: Vec<f64>,
}

impl ChannelMoments {
    /// The moments of `[rows, channels]`; there is at least one row.
    pub fn of(isa: Isa, values: &[f32], channels: usize) -> Self {
        let count = (values.len() / channels) as f64;
        let mean: Vec<f32> = sums(isa, values, &vec![0.0; channels]).0;
        let mean: Vec<f32> = mean.iter().map(|&sum| (f64::from(sum) / count) as f32).collect();
        // Deviations from a rounded mean: the second sum corrects what the rounding did to the first.
        let (deviations, squares) = sums(isa, values, &mean);
        let exact = mean.iter().zip(&deviations).map(|(&m, &d)| f64::from(m) + f64::from(d) / count);
        let squares = squares.iter().zip(&deviations);
        let squares = squares.map(|(&s, &d)| f64::from(s) - f64::from(d) * f64::from(d) / count);
        // Not `max`, which would make 0 of what is no number.
        let squares = squares.map(|s| if s < 0.0 { 0.0 } else { s });
        Self { count, mean: exact.collect(), squares: squares.collect() }
    }

    /// The moments of both batches together.
    pub fn merge(mut self, other: Self) -> Self {
        let count = self.count + other.count;
        let share = other.count / count;
        for c in 0..self.mean.len() {
            let apart = other.mean[c] - self.mean[c];
            self.mean[c] += apart * share;
            self.squares[c] += other.squares[c] + apart * apart * self.count * share;
        }
        self.count = count;
        self
    }

    /// The mean of each channel.
    pub fn mean(&self) -> Vec<f32> {
        self.mean.iter().map(|&m| m as f32).collect()
    }

    /// The biased variance of each channel, which burn's batch norm also keeps as its running one.
    pub fn variance(&self) -> Vec<f32> {
        self.squares.iter().map(|&s| (s / self.count) as f32).collect()
    }
}

/// Sums of `x - shift` and of its square for each channel.
fn sums(isa: Isa, values: &[f32], shift: &[f32]) -> (Vec<f32>, Vec<f32>) {
    let mut result = (vec![0.0; shift.len()], vec![0.0; shift.len()]);
    dispatch!(
        isa,
        add_up(
            values: &[f32] = values, shift: &[f32] = shift, sum: &mut [f32] = &mut result.0,
            squares: &mut [f32] = &mut result.1
        )
    );
    result
}

#[inline(always)]
fn add_up<L: Simd>(values: &[f32], shift: &[f32], sum: &mut [f32], squares: &mut [f32]) {
    let channels = shift.len();
    let (sum, squares) = (&mut sum[..channels], &mut squares[..channels]);
    for row in values.chunks_exact(channels) {
        for c in 0..channels {
            let x = row[c] - shift[c];
            sum[c] += x;
            squares[c] += x * x;
        }
    }
}
