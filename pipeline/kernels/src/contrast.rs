//! Contrastive cross-entropy (NT-Xent) with its gradient: the similarities of all pairs of a batch are made once, and
//! become their own gradient row by row.

use rayon::prelude::*;

use crate::isa::{Isa, dispatch};
use crate::matmul::{MatrixView, multiply};
use crate::simd::Simd;
use crate::softmax::exponential;
use crate::uninit::{Initialised, write_uninit};

/// Rows and columns of a tile that is added to its mirror image.
const TILE: usize = 64;

/// What stands for the logarithm of a sum of nothing; finite, so that no gradient is NaN.
const NOTHING: f32 = -1e9;

/// Lists of rows, one a row.
#[derive(Debug, Clone, Default)]
pub struct RowLists {
    starts: Vec<usize>,
    entries: Vec<(u32, f32)>,
}

impl RowLists {
    /// The lists of `rows` rows, of (row, other row, weight), sorted; weights of one pair add up.
    pub fn new(rows: usize, mut all: Vec<(u32, u32, f32)>) -> Self {
        all.sort_unstable_by_key(|&(row, other, _)| (row, other));
        all.dedup_by(|again, first| {
            let same = (again.0, again.1) == (first.0, first.1);
            first.2 += if same { again.2 } else { 0.0 };
            same
        });
        let mut starts = vec![0; rows + 1];
        all.iter().for_each(|&(row, ..)| starts[row as usize + 1] += 1);
        (0..rows).for_each(|row| starts[row + 1] += starts[row]);
        Self { starts, entries: all.into_iter().map(|(_, other, weight)| (other, weight)).collect() }
    }

    fn of(&self, row: usize) -> &[(u32, f32)] {
        &self.entries[self.starts[row]..self.starts[row + 1]]
    }
}

/// Which rows are to be picked, and among which others.
#[derive(Debug, Clone)]
pub struct Contrast {
    /// The temperature.
    pub tau: f32,
    /// Rows that are not in the denominator of a row, or the only ones that are. A row is never in its own.
    pub listed: RowLists,
    /// Whether the listed rows alone are in the denominator.
    pub only_listed: bool,
    /// Whether a positive is in the denominator by itself, since it is among those that are left out.
    pub with_positive: bool,
    /// The positives of each row, each with its share in the mean.
    pub positives: RowLists,
}

/// The mean cross-entropy of picking positives by cosine similarity, of embeddings `[rows, width]`, and its gradient.
pub fn contrastive(isa: Isa, z: &[f32], width: usize, contrast: &Contrast) -> (f64, Vec<f32>) {
    let rows = contrast.positives.starts.len() - 1;
    assert_eq!(z.len(), rows * width);
    let norms: Vec<f32> =
        z.par_chunks_exact(width).map(|row| (row.iter().map(|v| v * v).sum::<f32>() + 1e-24).sqrt()).collect();
    let mut directions = z.to_vec();
    directions.par_chunks_exact_mut(width).zip(&norms).for_each(|(row, norm)| row.iter_mut().for_each(|v| *v /= norm));

    let of_directions = MatrixView::rows(&directions, width);
    let mut slopes = product(isa, [rows, rows, width], of_directions, of_directions.transposed());
    let losses: Vec<f64> = slopes
        .par_chunks_exact_mut(rows)
        .enumerate()
        .map(|(row, logits)| {
            dispatch!(isa, one_row(row: usize = row, logits: &mut [f32] = logits, contrast: &Contrast = contrast) -> f64)
        })
        .collect();
    let both = with_mirror(&slopes, rows);
    let mut gradient = product(isa, [rows, width, rows], MatrixView::rows(&both, rows), of_directions);
    let parts = gradient.par_chunks_exact_mut(width).zip(directions.par_chunks_exact(width)).zip(&norms);
    parts.for_each(|((slope, direction), norm)| {
        // Only what is across the direction changes a cosine.
        let along: f32 = slope.iter().zip(direction).map(|(a, b)| a * b).sum();
        slope.iter_mut().zip(direction).for_each(|(slope, direction)| *slope = (*slope - along * direction) / norm);
    });
    (losses.iter().sum(), gradient)
}

/// The cross-entropies of a row's positives. The cosines to all others become the slopes of the loss along them.
#[inline(always)]
fn one_row<L: Simd>(row: usize, logits: &mut [f32], contrast: &Contrast) -> f64 {
    let positives = contrast.positives.of(row);
    if positives.is_empty() {
        logits.fill(0.0);
        return 0.0;
    }
    let scale = 1.0 / contrast.tau;
    for at in 0..logits.len() {
        logits[at] *= scale;
    }
    let picked: Vec<f32> = positives.iter().map(|&(other, _)| logits[other as usize]).collect();
    let listed = contrast.listed.of(row);
    let (log_sum, sum) = match contrast.only_listed {
        true => only_listed(row, logits, listed),
        false => all_but_listed::<L>(row, logits, listed),
    };
    let (mut loss, mut total) = (0.0, 0.0);
    let mut slopes = Vec::with_capacity(positives.len());
    for (&(_, share), &own) in positives.iter().zip(&picked) {
        let margin = log_sum - own;
        let (value, slope) = match contrast.with_positive {
            true => (margin.max(0.0) + (-margin.abs()).exp().ln_1p(), 1.0 / (1.0 + (-margin).exp())),
            false => (margin, 1.0),
        };
        loss += f64::from(share) * f64::from(value);
        slopes.push(share * slope);
        total += share * slope;
    }
    let factor = scale * total / sum;
    for at in 0..logits.len() {
        logits[at] *= factor;
    }
    for (&(other, _), slope) in positives.iter().zip(slopes) {
        logits[other as usize] -= scale * slope;
    }
    loss
}

/// Makes exponentials of the logits, zeros of those that are left out: the logarithm of their sum, and the sum.
#[inline(always)]
fn all_but_listed<L: Simd>(row: usize, logits: &mut [f32], listed: &[(u32, f32)]) -> (f32, f32) {
    let own = std::iter::once(row);
    let out = own.chain(listed.iter().map(|&(other, _)| other as usize).filter(|&other| other != row));
    let mut left = logits.len();
    for at in out.clone() {
        logits[at] = f32::NEG_INFINITY;
        left -= 1;
    }
    if left == 0 {
        logits.fill(0.0);
        return (NOTHING, 1.0);
    }
    let mut highest = f32::NEG_INFINITY;
    for at in 0..logits.len() {
        highest = if logits[at] > highest { logits[at] } else { highest };
    }
    let mut sums = [0.0f32; 16];
    let (whole, rest) = logits.as_chunks_mut::<16>();
    for logits in whole {
        for lane in 0..16 {
            logits[lane] = exponential(logits[lane] - highest);
            sums[lane] += logits[lane];
        }
    }
    for logit in rest {
        *logit = exponential(*logit - highest);
        sums[0] += *logit;
    }
    // At most 1e-38 each, beside a sum of at least 1.
    out.for_each(|at| logits[at] = 0.0);
    let sum = sums.iter().sum::<f32>();
    (highest + sum.ln(), sum)
}

/// The same of the listed ones alone.
#[inline(always)]
fn only_listed(row: usize, logits: &mut [f32], listed: &[(u32, f32)]) -> (f32, f32) {
    let listed = || listed.iter().map(|&(other, _)| other as usize).filter(|&other| other != row);
    let values: Vec<f32> = listed().map(|at| logits[at]).collect();
    let highest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    logits.fill(0.0);
    if values.is_empty() {
        return (NOTHING, 1.0);
    }
    let mut sum = 0.0;
    for (at, value) in listed().zip(values) {
        logits[at] = exponential(value - highest);
        sum += logits[at];
    }
    (highest + sum.ln(), sum)
}

/// `matrix + matrix^T`, tile by tile.
fn with_mirror(matrix: &[f32], rows: usize) -> Vec<f32> {
    let mut both = matrix.to_vec();
    both.par_chunks_mut(TILE * rows).enumerate().for_each(|(band, both)| {
        for from in (0..rows).step_by(TILE) {
            let to = (from + TILE).min(rows);
            for (row, both) in both.chunks_exact_mut(rows).enumerate() {
                for other in from..to {
                    both[other] += matrix[other * rows + band * TILE + row];
                }
            }
        }
    });
    both
}

/// `left * right`, `[m, n]`. The library chooses its own instructions, so the portable set does without it.
fn product(isa: Isa, [m, n, depth]: [usize; 3], left: MatrixView<'_>, right: MatrixView<'_>) -> Vec<f32> {
    if isa == Isa::Portable {
        let at = |row: usize, column: usize| -> f32 {
            let parts = (0..depth).map(|k| {
                left.values[row * left.row + k * left.column] * right.values[k * right.row + column * right.column]
            });
            parts.sum()
        };
        return (0..m * n).map(|place| at(place / n, place % n)).collect();
    }
    let write = |to: &mut [std::mem::MaybeUninit<f32>]| {
        multiply([m, n, depth], left, right, to, [n, 1]);
        Initialised
    };
    // SAFETY: the product writes all of its m x n numbers.
    unsafe { write_uninit(m * n, write) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The definition in f64.
    fn reference(z: &[f64], width: usize, contrast: &Contrast) -> f64 {
        let rows = z.len() / width;
        let unit = |row: usize| -> Vec<f64> {
            let row = &z[row * width..][..width];
            let norm = (row.iter().map(|v| v * v).sum::<f64>() + 1e-24).sqrt();
            row.iter().map(|v| v / norm).collect()
        };
        let cosine = |a: usize, b: usize| unit(a).iter().zip(unit(b)).map(|(a, b)| a * b).sum::<f64>();
        let logit = |a: usize, b: usize| cosine(a, b) / f64::from(contrast.tau);
        let mut loss = 0.0;
        for row in 0..rows {
            let is_listed = |other: usize| contrast.listed.of(row).iter().any(|&(listed, _)| listed as usize == other);
            let others = (0..rows).filter(|&other| other != row && is_listed(other) == contrast.only_listed);
            let sum: f64 = others.map(|other| logit(row, other).exp()).sum();
            for &(other, share) in contrast.positives.of(row) {
                let own = logit(row, other as usize);
                let denominator = if contrast.with_positive { sum + own.exp() } else { sum };
                loss += f64::from(share) * (denominator.ln() - own);
            }
        }
        loss
    }

    fn cases() -> Vec<(usize, usize, Contrast)> {
        let positives = |rows: usize| -> Vec<(u32, u32, f32)> {
            let half = rows as u32 / 2;
            (0..half).flat_map(|row| [(row, row + half, 0.03), (row + half, row, 0.05)]).collect()
        };
        let mut cases = Vec::new();
        for (rows, width) in [(4, 3), (38, 5), (70, 16)] {
            let all = positives(rows);
            let negatives = (0..rows as u32).map(|row| (row, (row + 1) % rows as u32, 1.0)).collect();
            for (listed, only_listed, with_positive) in
                [(all.clone(), false, true), (vec![], false, false), (negatives, true, true)]
            {
                let (listed, positives) = (RowLists::new(rows, listed), RowLists::new(rows, all.clone()));
                cases.push((rows, width, Contrast { tau: 0.2, listed, only_listed, with_positive, positives }));
            }
        }
        cases
    }

    #[test]
    fn loss_and_gradient_are_those_of_the_definition() {
        for (rows, width, contrast) in cases() {
            let z: Vec<f64> = (0..rows * width).map(|at| ((at * 37 + at / width) % 41) as f64 / 20.0 - 1.0).collect();
            let floats: Vec<f32> = z.iter().map(|&v| v as f32).collect();
            let expected = reference(&z, width, &contrast);
            for &isa in Isa::supported() {
                let (loss, gradient) = contrastive(isa, &floats, width, &contrast);
                assert!((loss - expected).abs() < 1e-5 * (1.0 + expected.abs()), "{loss} {expected}");
                for at in (0..z.len()).step_by(1 + z.len() / 20) {
                    let moved = |by: f64| {
                        let mut z = z.clone();
                        z[at] += by;
                        reference(&z, width, &contrast)
                    };
                    let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                    assert!((f64::from(gradient[at]) - slope).abs() < 2e-5, "{rows} {at}: {} {slope}", gradient[at]);
                }
            }
        }
    }

    #[test]
    fn rows_without_positives_or_others_are_finite_and_a_nan_is_seen() {
        let positives = || RowLists::new(2, vec![(0, 1, 0.5), (1, 0, 0.5)]);
        let alone =
            Contrast { tau: 0.1, listed: positives(), only_listed: false, with_positive: true, positives: positives() };
        let (loss, gradient) = contrastive(Isa::best(), &[1.0, 0.0, 0.0, 1.0], 2, &alone);
        assert!(loss == 0.0 && gradient == [0.0; 4], "{loss} {gradient:?}");
        let none = Contrast { positives: RowLists::new(2, vec![]), ..alone.clone() };
        assert_eq!(contrastive(Isa::best(), &[1.0, 0.0, 0.0, 1.0], 2, &none), (0.0, vec![0.0; 4]));
        let all =
            Contrast { listed: RowLists::new(3, vec![]), positives: RowLists::new(3, vec![(0, 1, 1.0)]), ..alone };
        assert!(contrastive(Isa::best(), &[1.0, 0.0, f32::NAN, 1.0, 0.5, 0.5], 2, &all).0.is_nan());
    }

    #[test]
    fn the_result_does_not_depend_on_threads() {
        let (rows, width, contrast) = cases().pop().unwrap();
        let z: Vec<f32> = (0..rows * width).map(|at| ((at * 37) % 41) as f32 / 20.0 - 1.0).collect();
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| contrastive(Isa::best(), &z, width, &contrast))
        };
        assert!(run(1) == run(2) && run(1) == run(5));
    }
}
