//! Spectral embedding: coordinates in which rows that are well connected in the neighbour graph have the same
//! direction.

use rand::RngExt;
use rayon::prelude::*;
use relata_data::seed::Rng;
use relata_graph::neighbour_graph::NeighbourGraph;

use super::cholesky::Cholesky;

/// Rows of one task.
const BLOCK: usize = 256;
/// Orthonormalisations, and products with the graph between two of them.
const ROUNDS: usize = 12;
const PRODUCTS: usize = 8;
/// Eigenvalues from -1 to here are damped.
const DAMPED: f32 = 0.9;

/// The `width` leading eigenvectors of the normalised graph D^-1/2 W D^-1/2, up to a rotation, by subspace iteration
/// with a Chebyshev filter (Zhou and Saad 2007); row-major, every row of unit length (Ng, Jordan and Weiss 2001).
pub(super) fn spectral_embedding(neighbours: &NeighbourGraph, width: usize, rng: &mut Rng) -> Vec<f32> {
    let rows = neighbours.rows();
    let roots: Vec<f32> = (0..rows).map(|row| neighbours.degree(row).max(f32::MIN_POSITIVE).sqrt()).collect();
    let mut basis: Vec<f32> = (0..rows * width).map(|_| rng.random_range(-1.0..1.0)).collect();
    let mut before = vec![0.0; basis.len()];
    let (centre, half) = ((DAMPED - 1.0) / 2.0, (DAMPED + 1.0) / 2.0);
    for _ in 0..ROUNDS {
        for product in 0..PRODUCTS {
            // With A = (graph - centre) / half: A x at first, then 2 A x minus what was before x.
            let (scale, keep) = if product == 0 { (1.0 / half, 0.0) } else { (2.0 / half, 1.0) };
            before.par_chunks_mut(width).with_min_len(BLOCK).enumerate().for_each(|(row, next)| {
                let from = &basis[row * width..][..width];
                next.iter_mut().zip(from).for_each(|(next, x)| *next = -keep * *next - scale * centre * x);
                for link in neighbours.links(row) {
                    let other = link.row as usize;
                    let weight = scale * link.weight / (roots[row] * roots[other]);
                    let from = &basis[other * width..][..width];
                    next.iter_mut().zip(from).for_each(|(next, x)| *next += weight * x);
                }
            });
            std::mem::swap(&mut basis, &mut before);
        }
        orthonormalise(&mut basis, width);
    }
    for row in basis.chunks_exact_mut(width) {
        let norm = row.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        row.iter_mut().for_each(|x| *x /= norm);
    }
    basis
}

/// Makes the columns orthonormal, by the Cholesky factor of their inner products.
fn orthonormalise(basis: &mut [f32], width: usize) {
    let block = |rows: &[f32]| {
        let mut inner = vec![0f64; width * width];
        for row in rows.chunks_exact(width) {
            for (inner, x) in inner.chunks_exact_mut(width).zip(row) {
                inner.iter_mut().zip(row).for_each(|(inner, y)| *inner += f64::from(x * y));
            }
        }
        inner
    };
    // The blocks are summed in order, so that the sum does not depend on the number of threads.
    let blocks: Vec<Vec<f64>> = basis.par_chunks(width * BLOCK).map(block).collect();
    let mut inner = vec![0f64; width * width];
    for block in blocks {
        inner.iter_mut().zip(block).for_each(|(sum, inner)| *sum += inner);
    }
    let factor = Cholesky::new(inner, width);
    basis.par_chunks_mut(width).with_min_len(BLOCK).for_each_init(
        || vec![0f64; width],
        |solved, row| {
            solved.iter_mut().zip(&*row).for_each(|(solved, x)| *solved = f64::from(*x));
            factor.solve_lower(solved);
            row.iter_mut().zip(&*solved).for_each(|(x, solved)| *x = *solved as f32);
        },
    );
}

#[cfg(test)]
mod tests {
    use relata_data::seed::stream;

    use super::*;

    #[test]
    fn separate_clusters_get_orthogonal_directions() {
        let vectors: Vec<f32> = (0..30).map(|row| (row / 10) as f32 * 100.0 + (row % 10) as f32).collect();
        let found = spectral_embedding(&NeighbourGraph::of(&vectors, 1, 4), 3, &mut stream(1, &[]));
        for a in 0..30 {
            for b in 0..30 {
                let cosine: f32 = (0..3).map(|at| found[a * 3 + at] * found[b * 3 + at]).sum();
                let expected = if a / 10 == b / 10 { 1.0 } else { 0.0 };
                assert!((cosine - expected).abs() < 0.05, "{a} {b}: {cosine}");
            }
        }
    }

    #[test]
    fn few_or_equal_rows_have_finite_coordinates() {
        for vectors in [vec![1.0, 2.0], vec![1.0; 9]] {
            let found = spectral_embedding(&NeighbourGraph::of(&vectors, 1, 5), 2, &mut stream(1, &[]));
            assert!(found.iter().all(|x| x.is_finite()));
        }
    }
}
