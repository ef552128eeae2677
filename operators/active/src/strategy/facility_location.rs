//! Facility location (greedy): which row to look at next so that every row has a chosen row nearby.

use rand::seq::index::sample;
use rayon::prelude::*;
use relata_data::seed::Rng;
use relata_graph::knn::{Matrix, multiply};

/// Rows that are to be covered, and rows that may be chosen.
const REFERENCES: usize = 2_000;
const CANDIDATES: usize = 2_000;
/// Squared distance of unit vectors from which on a row does not help another.
const FAR: f32 = 2.0;

/// Rows in coordinates of unit length. A set of chosen rows is worth the sum, over the reference rows, of weight times
/// how much nearer than [`FAR`] the nearest chosen row is; the next choice is the one that adds most.
pub(super) struct FacilityLocation {
    /// The rows that may be chosen, and whether they are.
    candidates: Vec<(u32, bool)>,
    references: Vec<u32>,
    /// Cosines: candidate by candidate, over the references.
    cosines: Vec<f32>,
    /// Squared distance of each reference to the nearest chosen row.
    nearest: Vec<f32>,
    weights: Vec<f32>,
}

impl FacilityLocation {
    /// Covers rows, of which those `chosen` are looked at already, by rows that are `free`.
    pub fn new(coordinates: &[f32], width: usize, chosen: &[u32], free: &[u32], rng: &mut Rng) -> Self {
        let rows = coordinates.len() / width;
        let mut draw = |from: usize, most: usize| {
            let mut drawn: Vec<usize> = sample(rng, from, most.min(from)).into_vec();
            drawn.sort_unstable();
            drawn
        };
        let references: Vec<u32> = draw(rows, REFERENCES).into_iter().map(|row| row as u32).collect();
        let candidates: Vec<u32> = draw(free.len(), CANDIDATES).into_iter().map(|at| free[at]).collect();
        let gather = |rows: &[u32]| {
            let vectors = rows.iter().flat_map(|&row| &coordinates[row as usize * width..][..width]);
            vectors.copied().collect::<Vec<f32>>()
        };
        let of_references = gather(&references);
        let cosines = |rows: &[u32]| {
            let mut product = vec![0.0; rows.len() * references.len()];
            let vectors = gather(rows);
            let blocks = product.par_chunks_mut(64 * references.len().max(1)).zip(vectors.par_chunks(64 * width));
            blocks.for_each(|(product, vectors)| {
                let left = Matrix::rows(&of_references, references.len(), width);
                multiply(left, Matrix::columns(vectors, width, vectors.len() / width), product);
            });
            product
        };
        let mut nearest = vec![FAR; references.len()];
        for block in chosen.chunks(1024) {
            for cosines in cosines(block).chunks_exact(references.len()) {
                approach(&mut nearest, cosines);
            }
        }
        let cosines = cosines(&candidates);
        let weights = vec![1.0; references.len()];
        let candidates = candidates.into_iter().map(|row| (row, false)).collect();
        Self { candidates, references, cosines, nearest, weights }
    }

    /// Weights the rows that are to be covered.
    pub fn weigh(&mut self, weight: impl Fn(usize) -> f32) {
        self.weights = self.references.iter().map(|&row| weight(row as usize)).collect();
    }

    /// Chooses the free row that adds most; none if all are chosen. It is not chosen again.
    pub fn choose(&mut self) -> Option<u32> {
        let gain = |cosines: &[f32]| {
            let references = cosines.iter().zip(&self.nearest).zip(&self.weights);
            references.map(|((cosine, nearest), weight)| weight * (nearest - distance(*cosine)).max(0.0)).sum::<f32>()
        };
        let width = self.references.len().max(1);
        let gains: Vec<f32> = self.cosines.par_chunks(width).with_min_len(64).map(gain).collect();
        let free = (0..gains.len()).filter(|&at| !self.candidates[at].1);
        let best = free.reduce(|best, at| if gains[at] > gains[best] { at } else { best })?;
        approach(&mut self.nearest, &self.cosines[best * width..][..width]);
        self.candidates[best].1 = true;
        Some(self.candidates[best].0)
    }
}

fn approach(nearest: &mut [f32], cosines: &[f32]) {
    nearest.iter_mut().zip(cosines).for_each(|(nearest, cosine)| *nearest = nearest.min(distance(*cosine)));
}

/// The squared distance of two unit vectors.
fn distance(cosine: f32) -> f32 {
    2.0 - 2.0 * cosine
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use relata_data::seed::stream;

    use super::*;

    fn circle(rows: usize) -> Vec<f32> {
        let mut rng = stream(2, &[]);
        let angles = (0..rows).map(|_| rng.random_range(0.0..std::f32::consts::TAU));
        angles.flat_map(|angle: f32| [angle.cos(), angle.sin()]).collect()
    }

    #[test]
    fn each_choice_adds_most() {
        let coordinates = circle(80);
        let cosine = |a: u32, b: u32| {
            let at = |row: u32| &coordinates[row as usize * 2..][..2];
            at(a)[0] * at(b)[0] + at(a)[1] * at(b)[1]
        };
        let weight = |row: u32| 1.0 + (row % 3) as f32;
        let free: Vec<u32> = (0..80).filter(|row| row % 4 != 0).collect();
        let mut chosen = vec![0, 4];
        let mut facility_location = FacilityLocation::new(&coordinates, 2, &chosen, &free, &mut stream(1, &[]));
        facility_location.weigh(|row| weight(row as u32));
        let worth = |chosen: &[u32]| {
            let of = |row: u32| chosen.iter().map(|&other| distance(cosine(row, other))).fold(FAR, f32::min);
            (0..80).map(|row| weight(row) * (FAR - of(row))).sum::<f32>()
        };
        for _ in 0..10 {
            let next = facility_location.choose().unwrap();
            assert!(free.contains(&next) && !chosen.contains(&next));
            let with = |row: u32| worth(&[chosen.as_slice(), &[row]].concat());
            let best = free.iter().filter(|row| !chosen.contains(row)).map(|&row| with(row)).fold(0.0, f32::max);
            assert!(with(next) > best - 1e-3, "{} {best}", with(next));
            chosen.push(next);
        }
    }

    #[test]
    fn every_free_row_is_chosen_once() {
        let mut facility_location = FacilityLocation::new(&circle(9), 2, &[], &[1, 5, 7], &mut stream(1, &[]));
        let mut chosen: Vec<u32> = std::iter::from_fn(|| facility_location.choose()).collect();
        chosen.sort_unstable();
        assert_eq!(chosen, [1, 5, 7]);
    }
}
