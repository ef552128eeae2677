//! Inverted file (IVF): kNN search, approximate, among rows that are kept by the nearest of some centroids. A query looks
//! at the rows of its nearest centroids only (Jégou, Douze and Schmid 2011, "Product Quantization for Nearest Neighbor
//! Search", without the quantization).

use std::convert::Infallible;

use rand::RngExt;
use rand::seq::index::sample;
use rayon::prelude::*;
use relata_data::seed::Rng;

use super::product::{Matrix, multiply};
use super::top_k::{Metric, top_k};

/// Rows that a centroid is learned from.
const ROWS_OF_CENTROID: usize = 64;
/// Rounds of k-means.
const ROUNDS: usize = 6;
/// Centroids whose rows a query looks at.
pub(super) const PROBES: usize = 24;
/// Rows that look for their centroids at once.
const QUERIES: usize = 1 << 14;
/// Queries that a thread searches for at once: the more, the larger the matrix products.
const BLOCK: usize = 1 << 12;
/// Queries whose nearest rows are in memory at once.
const TOGETHER: usize = 1 << 16;
/// Rows more than are wanted that are kept until they are ranked.
const SPARE: usize = 8;

/// Vectors of unit length, by the nearest of some centroids; vectors are rows of a matrix that the caller keeps.
#[derive(Debug)]
pub struct InvertedFile {
    width: usize,
    centroids: Vec<f32>,
    /// The rows of each centroid, ascending.
    cells: Vec<Vec<u32>>,
}

impl InvertedFile {
    /// Sorts `rows` of the matrix `values` (`width` numbers each) by about as many centroids as the square root of their
    /// number, which k-means finds.
    ///
    /// ```
    /// use relata_data::seed::Purpose;
    /// use relata_graph::knn::InvertedFile;
    ///
    /// let values = [1.0, 0.0, 0.0, 1.0, 0.8, 0.6, 0.6, 0.8];
    /// let index = InvertedFile::build(&values, 2, &[0, 1, 2, 3], &mut Purpose::NearestRows.stream(7, &[]));
    /// let mut found = vec![];
    /// index.search(&values, &[0], 2, |query, near| found.push((query, near[0].0, near[1].0)));
    /// assert_eq!(found, [(0, 0, 2)]);
    /// ```
    ///
    /// # Panics
    /// If a row is not in the matrix.
    pub fn build(values: &[f32], width: usize, rows: &[u32], rng: &mut Rng) -> Self {
        let many = (rows.len() as f64).sqrt().ceil() as usize;
        let learned = sample(rng, rows.len(), rows.len().min(many * ROWS_OF_CENTROID));
        let learned: Vec<u32> = learned.into_iter().map(|at| rows[at]).collect();
        let learned = gather(values, width, &learned);
        let mut centroids = learned[..(many * width).min(learned.len())].to_vec();
        for _ in 0..ROUNDS {
            let nearest = nearest(&learned, &centroids, width, 1);
            let mut sums = vec![0.0f32; centroids.len()];
            for (vector, near) in learned.chunks_exact(width).zip(&nearest) {
                let sum = &mut sums[near[0].0 as usize * width..][..width];
                sum.iter_mut().zip(vector).for_each(|(sum, x)| *sum += x);
            }
            for (centroid, sum) in centroids.chunks_exact_mut(width).zip(sums.chunks_exact(width)) {
                let norm = sum.iter().map(|x| x * x).sum::<f32>().sqrt();
                if norm > 0.0 {
                    centroid.iter_mut().zip(sum).for_each(|(x, sum)| *x = sum / norm);
                } else {
                    // Nobody is near: it starts anew at some row.
                    let row = rng.random_range(0..learned.len() / width) * width;
                    centroid.copy_from_slice(&learned[row..row + width]);
                }
            }
        }
        let cells = vec![Vec::new(); centroids.len() / width.max(1)];
        let mut index = Self { width, centroids, cells };
        index.add(values, rows);
        index
    }

    /// An index of these centroids and the rows of each.
    pub(super) fn of(width: usize, centroids: Vec<f32>, cells: Vec<Vec<u32>>) -> Self {
        Self { width, centroids, cells }
    }

    /// Adds rows of the matrix, after those that there are, each to the cell of its nearest centroid.
    pub(super) fn add(&mut self, values: &[f32], rows: &[u32]) {
        for rows in rows.chunks(QUERIES) {
            let near = nearest(&gather(values, self.width, rows), &self.centroids, self.width, 1);
            rows.iter().zip(near).for_each(|(&row, near)| self.cells[near[0].0 as usize].push(row));
        }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn centroids(&self) -> &[f32] {
        &self.centroids
    }

    pub(super) fn cells(&self) -> &[Vec<u32>] {
        &self.cells
    }

    /// Calls `found` with each query, which are rows of the matrix too, and the `k` rows of the index of the largest cosine
    /// with it, the largest first; of equally near ones the smaller row. Queries come in their order.
    pub fn search(&self, values: &[f32], queries: &[u32], k: usize, mut found: impl FnMut(u32, &[(u32, f32)])) {
        for queries in queries.chunks(TOGETHER) {
            let best: Vec<Vec<(u32, f32)>> =
                queries.par_chunks(BLOCK).flat_map_iter(|queries| self.search_block(values, queries, k)).collect();
            queries.iter().zip(&best).for_each(|(&query, near)| found(query, near));
        }
    }

    /// The nearest rows of each query of a block, cell by cell.
    fn search_block(&self, values: &[f32], queries: &[u32], k: usize) -> Vec<Vec<(u32, f32)>> {
        let width = self.width;
        let vectors = gather(values, width, queries);
        let mut of_cell = vec![Vec::new(); self.cells.len()];
        for (at, probes) in nearest(&vectors, &self.centroids, width, PROBES).iter().enumerate() {
            probes.iter().for_each(|(cell, _)| of_cell[*cell as usize].push(at));
        }
        let mut best: Vec<NearRows> = vec![NearRows::default(); queries.len()];
        let (mut asked, mut rows, mut scores) = (Vec::new(), Vec::new(), Vec::new());
        for (cell, asking) in self.cells.iter().zip(&of_cell).filter(|(cell, _)| !cell.is_empty()) {
            asked.clear();
            asking.iter().for_each(|&at| asked.extend_from_slice(&vectors[at * width..][..width]));
            rows.clear();
            cell.iter().for_each(|&row| rows.extend_from_slice(&values[row as usize * width..][..width]));
            scores.resize(asking.len() * cell.len(), 0.0);
            let (left, right) = (Matrix::rows(&rows, cell.len(), width), Matrix::columns(&asked, width, asking.len()));
            multiply(left, right, &mut scores);
            for (&at, scores) in asking.iter().zip(scores.chunks_exact(cell.len())) {
                best[at].add(cell, scores, k);
            }
        }
        let near = best.into_iter().zip(vectors.chunks_exact(width));
        near.map(|(best, query)| best.ranked(values, query, k)).collect()
    }
}

/// The rows nearest to a query so far, by 32-bit products: a few more than are wanted, since those are not exact.
#[derive(Debug, Clone)]
struct NearRows {
    found: Vec<(f32, u32)>,
    /// What a further row has to exceed.
    least: f32,
}

impl Default for NearRows {
    fn default() -> Self {
        Self { found: Vec::new(), least: f32::NEG_INFINITY }
    }
}

impl NearRows {
    fn add(&mut self, rows: &[u32], scores: &[f32], k: usize) {
        let kept = k + SPARE;
        for (&row, &score) in rows.iter().zip(scores) {
            if score > self.least {
                self.found.push((score, row));
                if self.found.len() >= 4 * kept {
                    self.shrink(kept);
                }
            }
        }
    }

    fn shrink(&mut self, kept: usize) {
        self.found.select_nth_unstable_by(kept - 1, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        self.found.truncate(kept);
        self.least = self.found[kept - 1].0;
    }

    /// The `k` best by exact cosines.
    fn ranked(mut self, values: &[f32], query: &[f32], k: usize) -> Vec<(u32, f32)> {
        if self.found.len() > k + SPARE {
            self.shrink(k + SPARE);
        }
        let exact = |&(_, row): &(f32, u32)| {
            let vector = &values[row as usize * query.len()..][..query.len()];
            let product: f64 = vector.iter().zip(query).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
            (row, product as f32)
        };
        let mut near = self.found.iter().map(exact).collect();
        keep_best(&mut near, k);
        near
    }
}

pub(super) fn keep_best(near: &mut Vec<(u32, f32)>, k: usize) {
    near.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    near.truncate(k);
}

fn gather(values: &[f32], width: usize, rows: &[u32]) -> Vec<f32> {
    rows.iter().flat_map(|&row| &values[row as usize * width..][..width]).copied().collect()
}

/// The nearest of some vectors, by their place among them.
pub(super) fn nearest(queries: &[f32], vectors: &[f32], width: usize, k: usize) -> Vec<Vec<(u64, f32)>> {
    let Ok(near) = top_k(queries, width, [Ok::<_, Infallible>((0, vectors))], k, Metric::Cosine);
    near
}

#[cfg(test)]
mod tests {
    use relata_data::seed::Purpose;

    use super::*;

    /// Vectors around `centres` directions, of unit length.
    fn blobs(rows: usize, width: usize, centres: usize, spread: f32) -> Vec<f32> {
        let mut rng = Purpose::NearestRows.stream(3, &[]);
        let mut draw = |scale: f32| scale * (rng.random::<f32>() + rng.random::<f32>() + rng.random::<f32>() - 1.5);
        let middles: Vec<f32> = (0..centres * width).map(|_| draw(1.0)).collect();
        let mut values = Vec::new();
        for row in 0..rows {
            let middle = &middles[row % centres * width..][..width];
            let vector: Vec<f32> = middle.iter().map(|x| x + draw(spread)).collect();
            let norm = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
            values.extend(vector.iter().map(|x| x / norm));
        }
        values
    }

    #[test]
    fn nearly_all_neighbours_are_found_and_always_the_same() {
        let (rows, width, k) = (6000, 24, 10);
        let all: Vec<u32> = (0..rows as u32).collect();
        for (centres, spread, least) in [(300, 0.3, 0.98), (7, 1.0, 0.93)] {
            let values = blobs(rows, width, centres, spread);
            let search = || {
                let index = InvertedFile::build(&values, width, &all, &mut Purpose::NearestRows.stream(7, &[]));
                let mut found = Vec::new();
                index.search(&values, &all, k, |query, near| found.push((query, near.to_vec())));
                found
            };
            let found = search();
            let exact = nearest(&values, &values, width, k);
            let common = |(query, near): &(u32, Vec<(u32, f32)>)| {
                exact[*query as usize]
                    .iter()
                    .filter(|(row, _)| near.iter().any(|(other, _)| u64::from(*other) == *row))
                    .count()
            };
            let recall = found.iter().map(common).sum::<usize>() as f64 / (rows * k) as f64;
            assert!(recall > least, "{centres}: {recall}");
            assert_eq!(found, search());
        }
    }

    #[test]
    fn few_rows_and_equal_rows_are_found() {
        let values = [1.0, 0.0, 1.0, 0.0, 1.0, 0.0];
        for rows in [&[0u32][..], &[0, 1, 2]] {
            let index = InvertedFile::build(&values, 2, rows, &mut Purpose::NearestRows.stream(1, &[]));
            let mut found = Vec::new();
            index.search(&values, &[2], 5, |_, near| found.extend(near.iter().map(|near| near.0)));
            assert_eq!(found, rows);
        }
    }
}
