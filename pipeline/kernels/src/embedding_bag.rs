//! Embedding bags: weighted sums of the rows of an embedding table, and their gradient, which touches only those rows.

use rayon::prelude::*;

use crate::isa::{Isa, dispatch};
use crate::simd::Simd;

/// Bags that a thread sums up as one piece of work.
const BAGS: usize = 64;
/// Rows of the table whose gradient is one piece of work.
const ROWS: usize = 1024;

/// Tokens and weights, bag by bag; a bag ends at its number of `ends` and begins where the one before ends.
#[derive(Debug, Clone, Copy)]
pub struct Bags<'a> {
    /// Where each bag ends.
    pub ends: &'a [u32],
    /// Rows of the table.
    pub tokens: &'a [u32],
    /// The weight of each token.
    pub weights: &'a [f32],
}

impl Bags<'_> {
    fn range(&self, bag: usize) -> std::ops::Range<usize> {
        let start = bag.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        start..self.ends[bag] as usize
    }
}

/// The weighted sum of each bag, `[bags, width]`, of a table `[rows, width]`.
pub fn embedding_bag(isa: Isa, table: &[f32], width: usize, bags: Bags<'_>) -> Vec<f32> {
    let mut sums = vec![0.0; bags.ends.len() * width];
    sums.par_chunks_mut(BAGS * width).enumerate().for_each(|(piece, sums)| {
        let first = piece * BAGS;
        dispatch!(
            isa,
            sum_up(
                table: &[f32] = table, width: usize = width, bags: Bags<'_> = bags, first: usize = first,
                sums: &mut [f32] = sums
            )
        );
    });
    sums
}

/// The gradient of a table of `rows` rows, given that of the sums.
pub fn embedding_bag_gradient(isa: Isa, rows: usize, width: usize, bags: Bags<'_>, of_sums: &[f32]) -> Vec<f32> {
    // Tokens are put in order of the piece of the table that they belong to, and within it they stay in order, so that
    // every row adds up in one order, whatever the number of threads.
    let pieces = rows.div_ceil(ROWS);
    let mut ends = vec![0; pieces + 1];
    bags.tokens.iter().for_each(|&token| ends[token as usize / ROWS + 1] += 1);
    (0..pieces).for_each(|piece| ends[piece + 1] += ends[piece]);
    let mut next = ends.clone();
    let mut sorted = vec![Occurrence::default(); bags.tokens.len()];
    for bag in 0..bags.ends.len() {
        for at in bags.range(bag) {
            let row = bags.tokens[at];
            let place = &mut next[row as usize / ROWS];
            sorted[*place] = Occurrence { at: at as u32, bag: bag as u32, row };
            *place += 1;
        }
    }
    let mut gradient = vec![0.0; rows * width];
    gradient.par_chunks_mut(ROWS * width).enumerate().for_each(|(piece, gradient)| {
        let tokens = &sorted[ends[piece]..ends[piece + 1]];
        dispatch!(
            isa,
            give_back(
                width: usize = width, weights: &[f32] = bags.weights, first: usize = piece * ROWS,
                tokens: &[Occurrence] = tokens, of_sums: &[f32] = of_sums, gradient: &mut [f32] = gradient
            )
        );
    });
    gradient
}

/// A token, the bag that it is in and its row of the table.
#[derive(Clone, Copy, Default)]
struct Occurrence {
    at: u32,
    bag: u32,
    row: u32,
}

#[inline(always)]
fn sum_up<S: Simd>(table: &[f32], width: usize, bags: Bags<'_>, first: usize, sums: &mut [f32]) {
    for (nth, sum) in sums.chunks_exact_mut(width).enumerate() {
        for at in bags.range(first + nth) {
            let row = bags.tokens[at] as usize * width;
            add(sum, bags.weights[at], &table[row..row + width]);
        }
    }
}

#[inline(always)]
fn give_back<S: Simd>(
    width: usize,
    weights: &[f32],
    first: usize,
    tokens: &[Occurrence],
    of_sums: &[f32],
    gradient: &mut [f32],
) {
    for &Occurrence { at, bag, row } in tokens {
        let (row, bag) = ((row as usize - first) * width, bag as usize * width);
        add(&mut gradient[row..row + width], weights[at as usize], &of_sums[bag..bag + width]);
    }
}

#[inline(always)]
fn add(sum: &mut [f32], weight: f32, row: &[f32]) {
    sum.iter_mut().zip(row).for_each(|(sum, &number)| *sum += weight * number);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 200 bags of 0 to 6 tokens of a table of 2500 rows.
    fn bags() -> (Vec<u32>, Vec<u32>, Vec<f32>) {
        let (mut ends, mut tokens, mut weights) = (vec![], vec![], vec![]);
        for bag in 0..200u32 {
            for nth in 0..bag % 7 {
                tokens.push((bag * 7919 + nth * 104_729) % 2500);
                weights.push(0.1 + nth as f32);
            }
            ends.push(tokens.len() as u32);
        }
        (ends, tokens, weights)
    }

    #[test]
    fn sums_and_gradients_are_those_of_a_dense_product() {
        let (rows, width) = (2500, 5);
        let (ends, tokens, weights) = bags();
        let bags = Bags { ends: &ends, tokens: &tokens, weights: &weights };
        let table: Vec<f32> = (0..rows * width).map(|at| (at as f32 * 0.37).sin()).collect();
        let of_sums: Vec<f32> = (0..ends.len() * width).map(|at| (at as f32 * 0.11).cos()).collect();
        let mut dense = vec![0.0; ends.len() * rows];
        for bag in 0..ends.len() {
            bags.range(bag).for_each(|at| dense[bag * rows + tokens[at] as usize] += weights[at]);
        }
        for &isa in Isa::supported() {
            let sums = embedding_bag(isa, &table, width, bags);
            for (at, sum) in sums.iter().enumerate() {
                let expected: f32 =
                    (0..rows).map(|row| dense[at / width * rows + row] * table[row * width + at % width]).sum();
                assert!((sum - expected).abs() < 1e-4, "{sum} {expected}");
            }
            let gradient = embedding_bag_gradient(isa, rows, width, bags, &of_sums);
            for (at, found) in gradient.iter().enumerate() {
                let expected: f32 =
                    (0..ends.len()).map(|bag| dense[bag * rows + at / width] * of_sums[bag * width + at % width]).sum();
                assert!((found - expected).abs() < 1e-4, "{found} {expected}");
            }
        }
    }

    #[test]
    fn bits_do_not_depend_on_threads() {
        let (ends, tokens, weights) = bags();
        let bags = Bags { ends: &ends, tokens: &tokens, weights: &weights };
        let of_sums: Vec<f32> = (0..ends.len() * 8).map(|at| (at as f32 * 0.3).sin()).collect();
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| embedding_bag_gradient(Isa::best(), 2500, 8, bags, &of_sums))
        };
        assert_eq!(run(1), run(3));
    }
}
