//! Neighbour graph: nearest neighbours with weights that follow the local density.

use std::convert::Infallible;

use crate::knn::{Metric, top_k};

/// Rows of a block of the search.
const BLOCK: usize = 4096;

/// Every row with its `k` nearest by Euclidean distance, in both directions. The weight of two rows at the distance d
/// is exp(-d^2 / (s t)), where s and t are their distances to their own k-th neighbours (Zelnik-Manor and Perona 2004,
/// "Self-tuning spectral clustering"), so that dense and sparse regions hang together alike. A row is a place among the
/// vectors, a plain number: they may be those of all training rows or of a pool.
#[derive(Debug, Clone)]
pub struct NeighbourGraph {
    k: usize,
    scales: Vec<f32>,
    starts: Vec<usize>,
    links: Vec<WeightedLink>,
}

/// A row's neighbour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightedLink {
    /// The neighbour.
    pub row: u32,
    /// How close it is, in (0, 1]; the same from both sides.
    pub weight: f32,
    /// Whether each is among the other's `k` nearest.
    pub mutual: bool,
}

impl NeighbourGraph {
    /// The graph of row-major vectors of `width` numbers, by exact search: rows^2 * width multiplications.
    ///
    /// ```
    /// use relata_graph::neighbour_graph::NeighbourGraph;
    ///
    /// // Three points on a line, each with its nearest.
    /// let graph = NeighbourGraph::of(&[0.0, 1.0, 5.0], 1, 1);
    /// assert_eq!((graph.rows(), graph.links(2)[0].row), (3, 1));
    /// ```
    pub fn of(vectors: &[f32], width: usize, k: usize) -> Self {
        let found = nearest(vectors, vectors, width, k + 1);
        let others = |(row, list): (usize, Vec<(u64, f32)>)| {
            let others = list.into_iter().filter(|&(other, _)| other != row as u64).take(k);
            others.map(|(other, distance)| (other as u32, distance)).collect::<Vec<_>>()
        };
        let lists: Vec<Vec<(u32, f32)>> = found.into_iter().enumerate().map(others).collect();
        let mut scales: Vec<f32> =
            lists.iter().map(|list| list.last().map_or(0.0, |&(_, distance)| distance)).collect();
        // Rows that are repeated often have neighbours at no distance.
        let mean = scales.iter().sum::<f32>() / scales.len().max(1) as f32;
        scales.iter_mut().for_each(|scale| *scale = scale.max(1e-3 * mean).max(f32::MIN_POSITIVE));
        let mut directed: Vec<(u32, u32, f32)> = Vec::with_capacity(2 * k * lists.len());
        for (row, list) in (0..).zip(&lists) {
            for &(other, distance) in list {
                directed.extend([(row, other, distance), (other, row, distance)]);
            }
        }
        directed.sort_unstable_by_key(|&(row, other, _)| (row, other));
        let (mut starts, mut links) = (vec![0], Vec::with_capacity(directed.len()));
        let mut rest = directed.as_slice();
        for row in 0..lists.len() {
            while let Some(&(_, other, distance)) = rest.first().filter(|link| link.0 as usize == row) {
                let mutual = rest.get(1).is_some_and(|next| (next.0, next.1) == (row as u32, other));
                rest = &rest[1 + usize::from(mutual)..];
                let weight = weight(distance, scales[row], scales[other as usize]);
                links.push(WeightedLink { row: other, weight, mutual });
            }
            starts.push(links.len());
        }
        Self { k, scales, starts, links }
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.scales.len()
    }

    /// The neighbours of a row, ascending.
    pub fn links(&self, row: usize) -> &[WeightedLink] {
        &self.links[self.starts[row]..self.starts[row + 1]]
    }

    /// The distance of a row to its `k`-th neighbour.
    pub fn scale(&self, row: usize) -> f32 {
        self.scales[row]
    }

    /// The sum of the weights of a row's links.
    pub fn degree(&self, row: usize) -> f32 {
        self.links(row).iter().map(|link| link.weight).sum()
    }

    /// The `k` nearest rows of each further vector, with their weights; `vectors` are those of the graph.
    pub fn nearest(&self, vectors: &[f32], queries: &[f32], width: usize) -> Vec<Vec<(u32, f32)>> {
        let found = nearest(vectors, queries, width, self.k);
        let weigh = |list: Vec<(u64, f32)>| {
            let scale = list.last().map_or(0.0, |&(_, distance)| distance).max(f32::MIN_POSITIVE);
            let weight = |(row, d): (u64, f32)| (row as u32, weight(d, scale, self.scales[row as usize]));
            list.into_iter().map(weight).collect()
        };
        found.into_iter().map(weigh).collect()
    }
}

/// Never 0, so that no row is without neighbours.
fn weight(distance: f32, scale: f32, other: f32) -> f32 {
    (-(distance / scale) * (distance / other)).exp().max(1e-6)
}

fn nearest(vectors: &[f32], queries: &[f32], width: usize, k: usize) -> Vec<Vec<(u64, f32)>> {
    let blocks = vectors.chunks(BLOCK * width).zip((0u64..).step_by(BLOCK));
    let Ok(found) =
        top_k(queries, width, blocks.map(|(rows, first)| Ok::<_, Infallible>((first, rows))), k, Metric::L2);
    found
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use relata_data::seed::stream;

    use super::*;

    #[test]
    fn links_are_those_of_a_naive_search() {
        let (mut rng, rows, width, k) = (stream(3, &[]), 60, 3, 4);
        let vectors: Vec<f32> = (0..rows * width).map(|_| rng.random_range(-1.0..1.0)).collect();
        let distance = |a: usize, b: usize| {
            let (a, b) = (&vectors[a * width..][..width], &vectors[b * width..][..width]);
            a.iter().zip(b).map(|(x, y)| (x - y).powi(2)).sum::<f32>().sqrt()
        };
        let list = |row: usize| {
            let mut others: Vec<usize> = (0..rows).filter(|&other| other != row).collect();
            others.sort_by(|&x, &y| distance(row, x).total_cmp(&distance(row, y)));
            others.truncate(k);
            others
        };
        let lists: Vec<_> = (0..rows).map(list).collect();
        let graph = NeighbourGraph::of(&vectors, width, k);
        assert_eq!(graph.rows(), rows);
        for row in 0..rows {
            let scale = |row: usize| distance(row, lists[row][k - 1]);
            let near = |a: usize, b: usize| lists[a].contains(&b);
            let expected: Vec<_> = (0..rows).filter(|&other| near(row, other) || near(other, row)).collect();
            assert_eq!(graph.links(row).iter().map(|link| link.row as usize).collect::<Vec<_>>(), expected);
            for link in graph.links(row) {
                let other = link.row as usize;
                assert_eq!(link.mutual, near(row, other) && near(other, row));
                let weight = (-distance(row, other).powi(2) / (scale(row) * scale(other))).exp();
                assert!((link.weight - weight).abs() < 1e-4, "{} {weight}", link.weight);
            }
        }
    }

    #[test]
    fn repeated_and_few_rows_have_neighbours() {
        let graph = NeighbourGraph::of(&[1.0, 1.0, 1.0, 1.0, 2.0], 1, 2);
        assert!((0..5).all(|row| !graph.links(row).is_empty() && graph.degree(row) > 0.0));
        assert_eq!(NeighbourGraph::of(&[1.0, 5.0], 1, 5).links(0).len(), 1);
        assert!(NeighbourGraph::of(&[1.0], 1, 5).links(0).is_empty());
        assert_eq!(NeighbourGraph::of(&[], 1, 5).rows(), 0);
    }
}
