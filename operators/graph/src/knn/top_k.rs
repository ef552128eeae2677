//! kNN search, exact: the k nearest rows of every query, in one pass over blocks of rows: a matrix product finds the
//! candidates and 64-bit arithmetic ranks them, so that results do not depend on how the rows are cut into blocks.

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use pulp::{Arch, NullaryFnOnce};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::product::{Matrix, multiply};

/// Queries that share one matrix product.
const QUERIES: usize = 256;
/// Rows that share one matrix product.
const ROWS: usize = 1024;
/// Scores that are compared with the threshold at once.
const LANES: usize = 32;

/// What makes a row near.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// The cosine of the angle; larger is nearer. It is 0 where a vector is 0.
    Cosine,
    /// The Euclidean distance; smaller is nearer.
    L2,
    /// The inner product; larger is nearer.
    InnerProduct,
}

/// For each query (`width` consecutive numbers of `queries`) the `k` nearest rows, or all if there are fewer, nearest
/// first, as (row number, score); of equally near rows the lower number comes first. `blocks` yields (number of the
/// first row, rows); an error in it ends the search. Memory: the queries, their results, and one block.
///
/// ```
/// use std::convert::Infallible;
///
/// use relata_graph::knn::{Metric, top_k};
///
/// let rows = [0.0, 0.0, 3.0, 4.0, 1.0, 0.0];
/// let blocks = [Ok::<_, Infallible>((0, &rows[..]))];
/// let Ok(nearest) = top_k(&[0.0, 0.0], 2, blocks, 2, Metric::L2);
/// assert_eq!(nearest, [[(0, 0.0), (2, 1.0)]]);
/// ```
///
/// # Panics
/// If `width` is 0, or the length of the queries or of a block is not a multiple of it.
pub fn top_k<B: AsRef<[f32]>, E>(
    queries: &[f32],
    width: usize,
    blocks: impl IntoIterator<Item = Result<(u64, B), E>>,
    k: usize,
    metric: Metric,
) -> Result<Vec<Vec<(u64, f32)>>, E> {
    assert!(width > 0 && queries.len().is_multiple_of(width), "queries are whole vectors");
    let norms: Vec<f64> = queries.chunks_exact(width).map(|query| dot(query, query).sqrt()).collect();
    let mut nearest = vec![Nearest { heap: BinaryHeap::new() }; norms.len()];
    for block in blocks {
        let (first_row, rows) = block?;
        assert!(rows.as_ref().len().is_multiple_of(width), "blocks are whole vectors");
        for (chunk, rows) in rows.as_ref().chunks(ROWS * width).enumerate() {
            let rows = Rows::new(first_row + (chunk * ROWS) as u64, rows, width, metric);
            nearest
                .par_chunks_mut(QUERIES)
                .zip(queries.par_chunks(QUERIES * width))
                .zip(norms.par_chunks(QUERIES))
                .for_each_init(Room::default, |room, ((nearest, queries), norms)| {
                    rows.search(queries, norms, nearest, k, room);
                });
        }
    }
    Ok(nearest.into_iter().map(|nearest| nearest.into_scores(metric)).collect())
}

/// A row with its key: the larger, the nearer.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Candidate {
    key: f64,
    row: u64,
}

impl Eq for Candidate {}

impl Ord for Candidate {
    /// The greatest candidate is the farthest, so that it is on top of the heap.
    fn cmp(&self, other: &Self) -> Ordering {
        other.key.total_cmp(&self.key).then(self.row.cmp(&other.row))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The nearest rows so far.
#[derive(Clone)]
struct Nearest {
    heap: BinaryHeap<Candidate>,
}

impl Nearest {
    fn insert(&mut self, candidate: Candidate, k: usize) {
        if self.heap.len() < k {
            self.heap.push(candidate);
        } else if let Some(mut farthest) = self.heap.peek_mut()
            && candidate < *farthest
        {
            *farthest = candidate;
        }
    }

    /// The key that a further row has to beat.
    fn threshold(&self, k: usize) -> f64 {
        match self.heap.peek() {
            Some(farthest) if self.heap.len() >= k => farthest.key,
            _ => f64::NEG_INFINITY,
        }
    }

    fn into_scores(self, metric: Metric) -> Vec<(u64, f32)> {
        let score = |key: f64| if metric == Metric::L2 { (-key).sqrt() } else { key };
        self.heap.into_sorted_vec().into_iter().map(|candidate| (candidate.row, score(candidate.key) as f32)).collect()
    }
}

/// A few rows and what turns products with them into keys: key = product * scale + bias, give or take the slack, which
/// bounds the rounding of a 32-bit product. For L2 this is (|query|^2 - distance^2) / 2.
struct Rows<'a> {
    first_row: u64,
    values: &'a [f32],
    width: usize,
    metric: Metric,
    norms: Vec<f64>,
    scale: Vec<f32>,
    bias: Vec<f32>,
    slack: Vec<f32>,
    arch: Arch,
}

/// What a thread keeps from one search to the next.
#[derive(Default)]
struct Room {
    products: Vec<f32>,
    most: Vec<f32>,
}

impl<'a> Rows<'a> {
    fn new(first_row: u64, values: &'a [f32], width: usize, metric: Metric) -> Self {
        let norms: Vec<f64> = values.chunks_exact(width).map(|row| dot(row, row).sqrt()).collect();
        let rounding = (width + 8) as f64 * f64::from(f32::EPSILON);
        let parts = |&norm: &f64| match metric {
            Metric::Cosine if norm > 0.0 => (1.0 / norm, 0.0, rounding),
            Metric::Cosine => (0.0, 0.0, rounding),
            Metric::InnerProduct => (1.0, 0.0, rounding * norm),
            Metric::L2 => (1.0, -norm * norm * (0.5 - rounding), rounding * norm),
        };
        let pick = |part: fn((f64, f64, f64)) -> f64| norms.iter().map(|norm| part(parts(norm)) as f32).collect();
        let (scale, bias, slack) = (pick(|parts| parts.0), pick(|parts| parts.1), pick(|parts| parts.2));
        Self { first_row, values, width, metric, norms, scale, bias, slack, arch: Arch::new() }
    }

    fn search(&self, queries: &[f32], norms: &[f64], nearest: &mut [Nearest], k: usize, room: &mut Room) {
        let rows = self.norms.len();
        room.products.resize(rows * norms.len(), 0.0);
        let left = Matrix::rows(self.values, rows, self.width);
        multiply(left, Matrix::columns(queries, self.width, norms.len()), &mut room.products);
        // The slack of the longest query serves all, so that there is one number to add to a product.
        let longest = norms.iter().fold(0.0, |longest: f64, &norm| longest.max(norm)) as f32;
        room.most.clear();
        room.most.extend(self.bias.iter().zip(&self.slack).map(|(bias, slack)| bias + longest * slack));
        let queries = queries.chunks_exact(self.width).zip(norms);
        for ((products, (query, norm)), nearest) in room.products.chunks_exact(rows).zip(queries).zip(nearest) {
            let mut threshold = self.threshold(nearest, k, *norm);
            let mut start = 0;
            while let Some(at) = self.arch.dispatch(Reach { rows: self, products, most: &room.most, start, threshold })
            {
                nearest.insert(self.candidate(query, *norm, at), k);
                threshold = self.threshold(nearest, k, *norm);
                start = at + 1;
            }
        }
    }

    /// What a product's upper bound has to reach, a little lowered for the rounding of the bound itself.
    fn threshold(&self, nearest: &Nearest, k: usize, norm: f64) -> f32 {
        let key = nearest.threshold(k);
        let margin = 4.0 * f64::from(f32::EPSILON);
        let bound = match self.metric {
            Metric::Cosine => key * norm,
            Metric::InnerProduct => key,
            Metric::L2 => (norm * norm + key) / 2.0 - margin * norm * norm,
        };
        (bound - margin * bound.abs()) as f32
    }

    /// The exact key: the cosine, the inner product, or the negated squared distance.
    fn candidate(&self, query: &[f32], norm: f64, row: usize) -> Candidate {
        let values = &self.values[row * self.width..][..self.width];
        let key = match self.metric {
            Metric::Cosine if norm * self.norms[row] > 0.0 => dot(query, values) / (norm * self.norms[row]),
            Metric::Cosine => 0.0,
            Metric::InnerProduct => dot(query, values),
            Metric::L2 => -query.iter().zip(values).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2)).sum::<f64>(),
        };
        Candidate { key, row: self.first_row + row as u64 }
    }
}

/// The first row from `start` whose product may reach the threshold.
struct Reach<'a> {
    rows: &'a Rows<'a>,
    products: &'a [f32],
    most: &'a [f32],
    start: usize,
    threshold: f32,
}

impl NullaryFnOnce for Reach<'_> {
    type Output = Option<usize>;

    #[inline(always)]
    fn call(self) -> Option<usize> {
        let Self { rows, products, most, start, threshold } = self;
        // Written so that a NaN, from an overflow, is not passed over.
        #[allow(clippy::neg_cmp_op_on_partial_ord)]
        let passes = |product: f32, scale: f32, most: f32| !(product * scale + most < threshold);
        let (products, scales, most) = (&products[start..], &rows.scale[start..], &most[start..]);
        let lanes = products.as_chunks::<LANES>().0.iter().zip(scales.as_chunks::<LANES>().0).zip(most.as_chunks().0);
        for (span, ((products, scales), most)) in lanes.enumerate() {
            let most: &[f32; LANES] = most;
            let mut any = 0;
            for lane in 0..LANES {
                any |= u32::from(passes(products[lane], scales[lane], most[lane]));
            }
            if any != 0 {
                let found = (0..LANES).find(|&lane| passes(products[lane], scales[lane], most[lane]));
                return found.map(|lane| start + span * LANES + lane);
            }
        }
        let rest = products.len() / LANES * LANES;
        (rest..products.len()).find(|&at| passes(products[at], scales[at], most[at])).map(|at| start + at)
    }
}

/// The inner product in 64 bits; eight partial sums let it run in vector registers.
fn dot(a: &[f32], b: &[f32]) -> f64 {
    let (a, b) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    let mut sums = [0.0; 8];
    for (a, b) in a.0.iter().zip(b.0) {
        for ((sum, a), b) in sums.iter_mut().zip(a).zip(b) {
            *sum += f64::from(*a) * f64::from(*b);
        }
    }
    let rest: f64 = a.1.iter().zip(b.1).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
    sums.iter().sum::<f64>() + rest
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use rand::RngExt;
    use relata_data::seed;

    use super::*;

    /// Small whole numbers, so that there are many ties.
    fn vectors(rows: usize, width: usize, seed: u64) -> Vec<f32> {
        let mut rng = seed::stream(seed, &[]);
        (0..rows * width).map(|_| rng.random_range(-2..=2) as f32).collect()
    }

    fn search(
        queries: &[f32],
        rows: &[f32],
        width: usize,
        block: usize,
        k: usize,
        metric: Metric,
    ) -> Vec<Vec<(u64, f32)>> {
        let blocks = rows.chunks(block * width).enumerate();
        top_k(queries, width, blocks.map(|(i, rows)| Ok::<_, Infallible>(((i * block) as u64, rows))), k, metric)
            .unwrap()
    }

    fn naive(query: &[f32], rows: &[f32], k: usize, metric: Metric) -> Vec<(u64, f32)> {
        let score = |row: &[f32]| match metric {
            Metric::InnerProduct => dot(query, row),
            Metric::L2 => query.iter().zip(row).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt(),
            Metric::Cosine => match dot(query, query).sqrt() * dot(row, row).sqrt() {
                0.0 => 0.0,
                norms => dot(query, row) / norms,
            },
        };
        let mut scored: Vec<(u64, f64)> = (0..).zip(rows.chunks(query.len()).map(score)).collect();
        let sign = if metric == Metric::L2 { 1.0 } else { -1.0 };
        scored.sort_by(|a, b| (sign * a.1).total_cmp(&(sign * b.1)).then(a.0.cmp(&b.0)));
        scored.truncate(k);
        scored.into_iter().map(|(row, score)| (row, score as f32)).collect()
    }

    #[test]
    fn every_metric_agrees_with_sorting_all_rows_whatever_the_blocks() {
        let (width, k) = (5, 12);
        let (queries, rows) = (vectors(150, width, 1), vectors(2500, width, 2));
        for metric in [Metric::Cosine, Metric::L2, Metric::InnerProduct] {
            for block in [7, 2500] {
                let found = search(&queries, &rows, width, block, k, metric);
                for (query, found) in queries.chunks(width).zip(&found) {
                    assert_eq!(found, &naive(query, &rows, k, metric), "{metric:?}, blocks of {block}");
                }
            }
        }
    }

    #[test]
    fn near_rows_far_from_the_origin_are_told_apart() {
        let rows: Vec<f32> = (0..500).flat_map(|i| [1e4, i as f32 * 0.01]).collect();
        let found = search(&[1e4, 2.501], &rows, 2, 100, 3, Metric::L2);
        assert_eq!(found[0].iter().map(|hit| hit.0).collect::<Vec<_>>(), [250, 251, 249]);
    }

    #[test]
    fn fewer_rows_than_k_and_errors_of_the_blocks() {
        assert_eq!(search(&[1.0], &[3.0, 4.0], 1, 1, 5, Metric::InnerProduct), [[(1, 4.0), (0, 3.0)]]);
        assert_eq!(search(&[1.0], &[3.0, 4.0], 1, 1, 0, Metric::L2), [[]]);
        let blocks = [Ok((0, vec![1.0])), Err("broken")];
        assert_eq!(top_k(&[1.0], 1, blocks, 1, Metric::L2), Err("broken"));
    }
}
