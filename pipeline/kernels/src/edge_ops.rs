//! Edge operations of graph losses (squared distances, sums over neighbours), straight from the embeddings: no matrix
//! with a row for each edge is made.

use std::mem::MaybeUninit;

use rayon::prelude::*;

use crate::isa::{Isa, dispatch};
use crate::partition::ELEMENTWISE;
use crate::simd::Simd;
use crate::uninit::{Initialised, write_uninit};

/// Edges between rows, and for each row the edges that it is an end of.
#[derive(Debug, Clone)]
pub struct EdgeOps {
    src: Vec<u32>,
    dst: Vec<u32>,
    /// Where the entries of each row begin, and where those of the last end.
    starts: Vec<usize>,
    /// The row at the other end, and the edge.
    entries: Vec<(u32, u32)>,
}

impl EdgeOps {
    /// Edges between `rows` rows. Panics if an end is no row.
    pub fn new(rows: usize, src: &[u32], dst: &[u32]) -> Self {
        assert_eq!(src.len(), dst.len());
        let mut starts = vec![0; rows + 1];
        src.iter().chain(dst).for_each(|&row| starts[row as usize + 1] += 1);
        (0..rows).for_each(|row| starts[row + 1] += starts[row]);
        let (mut next, mut entries) = (starts.clone(), vec![(0, 0); 2 * src.len()]);
        for (edge, (&a, &b)) in (0u32..).zip(src.iter().zip(dst)) {
            for (row, other) in [(a, b), (b, a)] {
                entries[next[row as usize]] = (other, edge);
                next[row as usize] += 1;
            }
        }
        Self { src: src.to_vec(), dst: dst.to_vec(), starts, entries }
    }

    /// The squared distance between the ends of each edge, of rows `[rows, width]`.
    pub fn squared_distances(&self, isa: Isa, z: &[f32], width: usize) -> Vec<f32> {
        let ends = self.src.par_iter().zip(&self.dst).with_min_len(at_once(width));
        let row = |row: u32| &z[row as usize * width..][..width];
        ends.map(|(&a, &b)| dispatch!(isa, distance(a: &[f32] = row(a), b: &[f32] = row(b)) -> f32)).collect()
    }

    /// The gradient of the rows, if that of the squared distances is `upstream`.
    pub fn squared_distances_gradient(&self, isa: Isa, z: &[f32], width: usize, upstream: &[f32]) -> Vec<f32> {
        assert_eq!(upstream.len(), self.src.len());
        let own = |row: usize| self.entries_of(row).map(|(_, edge)| 2.0 * upstream[edge]).sum::<f32>();
        self.row_by_row(isa, z, width, own, |edge| -2.0 * upstream[edge])
    }

    /// For each row the sum of the rows at the other ends of its edges, each times the edge's weight; the gradient of
    /// the sums is turned into that of the rows by the same function.
    pub fn neighbour_sums(&self, isa: Isa, z: &[f32], width: usize, weights: &[f32]) -> Vec<f32> {
        assert_eq!(weights.len(), self.src.len());
        self.row_by_row(isa, z, width, |_| 0.0, |edge| weights[edge])
    }

    fn entries_of(&self, row: usize) -> impl Iterator<Item = (usize, usize)> {
        let entries = &self.entries[self.starts[row]..self.starts[row + 1]];
        entries.iter().map(|&(other, edge)| (other as usize, edge as usize))
    }

    /// `own(row)` times each row, and for each of its edges `factor(edge)` times the row at the other end.
    fn row_by_row(
        &self,
        isa: Isa,
        z: &[f32],
        width: usize,
        own: impl Fn(usize) -> f32 + Sync,
        factor: impl Fn(usize) -> f32 + Sync,
    ) -> Vec<f32> {
        let rows = self.starts.len() - 1;
        assert_eq!(z.len(), rows * width);
        let row_of = |row: usize| &z[row * width..(row + 1) * width];
        let write = |to: &mut [MaybeUninit<f32>]| {
            let parts = to.par_chunks_exact_mut(width.max(1)).enumerate().with_min_len(at_once(width));
            parts.for_each(|(row, to)| {
                let own = own(row);
                dispatch!(isa, start(to: &mut [MaybeUninit<f32>] = to, from: &[f32] = row_of(row), factor: f32 = own));
                // SAFETY: `start` wrote every number of the row.
                let to = unsafe { &mut *(std::ptr::from_mut(to) as *mut [f32]) };
                for (other, edge) in self.entries_of(row) {
                    let factor = factor(edge);
                    dispatch!(isa, add(to: &mut [f32] = to, from: &[f32] = row_of(other), factor: f32 = factor));
                }
            });
            Initialised
        };
        // SAFETY: there are `rows` whole rows, and each is written.
        unsafe { write_uninit(rows * width, write) }
    }
}

/// Rows or edges that are worth a task.
fn at_once(width: usize) -> usize {
    (ELEMENTWISE / width.max(1)).max(1)
}

#[inline(always)]
fn distance<L: Simd>(a: &[f32], b: &[f32]) -> f32 {
    let whole = a.len() / L::WIDTH * L::WIDTH;
    let b = &b[..a.len()];
    let mut lanes = [0.0f32; 16];
    // SAFETY: `dispatch` only calls this where the processor has the instructions; registers are loaded from numbers up to
    // `whole` in two slices that are as long, and stored in an array that is as wide as the widest.
    unsafe {
        let (minus, mut sum) = (L::splat(-1.0), L::splat(0.0));
        for at in (0..whole).step_by(L::WIDTH) {
            let apart = L::multiply_add(minus, L::load(b.as_ptr().add(at)), L::load(a.as_ptr().add(at)));
            sum = L::multiply_add(apart, apart, sum);
        }
        L::store(lanes.as_mut_ptr(), sum);
    }
    let mut rest = 0.0;
    for at in whole..a.len() {
        rest += (a[at] - b[at]) * (a[at] - b[at]);
    }
    lanes.iter().sum::<f32>() + rest
}

#[inline(always)]
fn start<L: Simd>(to: &mut [MaybeUninit<f32>], from: &[f32], factor: f32) {
    let from = &from[..to.len()];
    for i in 0..to.len() {
        to[i].write(factor * from[i]);
    }
}

#[inline(always)]
fn add<L: Simd>(to: &mut [f32], from: &[f32], factor: f32) {
    let from = &from[..to.len()];
    for i in 0..to.len() {
        to[i] += factor * from[i];
    }
}
