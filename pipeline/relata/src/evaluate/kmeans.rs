//! k-means: k-means++ seeding (Arthur & Vassilvitskii 2007) on a sample of rows, then Lloyd's algorithm over blocks of
//! all rows.

use rand::RngExt;
use rayon::prelude::*;
use relata_data::DataError;
use relata_data::seed::{self, Rng};

use super::error::{EvaluateError, Result};
use super::vectors::{Vectors, block_rows};
use relata_graph::knn::{Matrix, multiply};

/// Numbers in the sample that the centres are seeded from.
const SAMPLE: usize = 1 << 21;

/// Settings of k-means; see [`kmeans`].
#[derive(Debug, Clone)]
pub struct KMeans {
    clusters: usize,
    restarts: u64,
    max_iterations: usize,
    tolerance: f64,
    seed: u64,
}

/// Fitted centres.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeansModel {
    width: usize,
    centres: Vec<f32>,
    /// The summed squared distances of the rows to their centres.
    pub inertia: f64,
    /// The iterations of the best restart.
    pub iterations: usize,
}

/// k-means with `clusters` clusters: the best of 10 restarts of at most 100 iterations each, seed 0.
///
/// ```
/// use relata::evaluate::{Vectors, kmeans};
///
/// let mut vectors = Vectors::builder(1)?;
/// for (number, class) in [(0.0, 0), (0.1, 0), (9.0, 1), (9.1, 1)] {
///     vectors.push(&[number], class)?;
/// }
/// let model = kmeans(2).fit(&vectors.finish()?)?;
/// assert_eq!(model.assign(&[0.2, 8.0]).len(), 2);
/// assert_ne!(model.assign(&[0.2])[0].0, model.assign(&[8.0])[0].0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn kmeans(clusters: usize) -> KMeans {
    KMeans { clusters, restarts: 10, max_iterations: 100, tolerance: 1e-5, seed: 0 }
}

impl KMeans {
    /// How many seedings to try, at least 1; the one with the least inertia is kept.
    ///
    /// ```
    /// use relata::evaluate::{Vectors, kmeans};
    ///
    /// let mut vectors = Vectors::builder(1)?;
    /// for (number, class) in [(0.0, 0), (0.1, 0), (9.0, 1), (9.1, 1)] {
    ///     vectors.push(&[number], class)?;
    /// }
    /// let model = kmeans(2).with_restarts(3).with_seed(7).fit(&vectors.finish()?)?;
    /// assert_eq!(model.clusters(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_restarts(mut self, restarts: u64) -> Self {
        self.restarts = restarts.max(1);
        self
    }

    /// The most iterations of a restart, at least 1.
    ///
    /// ```
    /// use relata::evaluate::{Vectors, kmeans};
    ///
    /// let mut vectors = Vectors::builder(1)?;
    /// for (number, class) in [(0.0, 0), (0.1, 0), (9.0, 1), (9.1, 1)] {
    ///     vectors.push(&[number], class)?;
    /// }
    /// let vectors = vectors.finish()?;
    /// assert!(kmeans(2).with_max_iterations(5).fit(&vectors)?.iterations <= 5);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_max_iterations(mut self, iterations: usize) -> Self {
        self.max_iterations = iterations.max(1);
        self
    }

    /// The seed of the random choices; the same seed gives the same clusters.
    ///
    /// ```
    /// use relata::evaluate::{Vectors, kmeans};
    ///
    /// let mut vectors = Vectors::builder(1)?;
    /// for (number, class) in [(0.0, 0), (0.1, 0), (9.0, 1), (9.1, 1)] {
    ///     vectors.push(&[number], class)?;
    /// }
    /// let vectors = vectors.finish()?;
    /// let fit = || kmeans(2).with_seed(7).fit(&vectors);
    /// assert_eq!(fit()?, fit()?);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Clusters the rows. An error if there are fewer rows than clusters, or no clusters.
    pub fn fit(&self, vectors: &Vectors) -> Result<KMeansModel> {
        if self.clusters == 0 {
            return Err(DataError::setting("kmeans", "clusters", "at least 1", 0).into());
        }
        if vectors.rows() < self.clusters as u64 {
            let (expected, found) = (self.clusters as u64, vectors.rows());
            return Err(EvaluateError::TooFewRows { measure: "k-means", expected, found });
        }
        let mut best = self.restart(vectors, 0)?;
        for restart in 1..self.restarts {
            let model = self.restart(vectors, restart)?;
            if model.inertia < best.inertia {
                best = model;
            }
        }
        Ok(best)
    }

    fn restart(&self, vectors: &Vectors, number: u64) -> Result<KMeansModel> {
        let width = vectors.width();
        let mut rng = seed::stream(self.seed, &[number]);
        let sample = vectors.sample((SAMPLE / width).max(self.clusters), &mut rng)?;
        let centres = seed_centres(&sample.values, width, self.clusters, &mut rng);
        let mut model = KMeansModel { width, centres, inertia: f64::INFINITY, iterations: 0 };
        loop {
            let step = model.step(vectors)?;
            let gain = model.inertia - step.inertia;
            let converged = gain <= self.tolerance * step.inertia;
            model.inertia = step.inertia;
            if converged || model.iterations == self.max_iterations {
                return Ok(model);
            }
            model.move_centres(step);
            model.iterations += 1;
        }
    }
}

/// What one pass over the rows finds.
struct Step {
    sums: Vec<f64>,
    counts: Vec<u64>,
    inertia: f64,
    farthest: (f64, Vec<f32>),
}

impl KMeansModel {
    /// The centres, one after the other.
    pub fn centres(&self) -> &[f32] {
        &self.centres
    }

    /// The number of clusters.
    pub fn clusters(&self) -> usize {
        self.centres.len() / self.width
    }

    /// The cluster of each row of `values`, and its squared distance to the centre; of equally near centres the first.
    pub fn assign(&self, values: &[f32]) -> Vec<(u32, f64)> {
        let (rows, clusters) = (values.len() / self.width, self.clusters());
        let mut products = vec![0.0; rows * clusters];
        let centres = Matrix::columns(&self.centres, self.width, clusters);
        multiply(Matrix::rows(values, rows, self.width), centres, &mut products);
        let mut best = vec![(0u32, f32::INFINITY); rows];
        let centres = (0u32..).zip(self.centres.chunks_exact(self.width));
        for ((number, centre), products) in centres.zip(products.chunks_exact(rows.max(1))) {
            let half_norm = centre.iter().map(|x| x * x).sum::<f32>() / 2.0;
            for (best, product) in best.iter_mut().zip(products) {
                let score = half_norm - product;
                if score < best.1 {
                    *best = (number, score);
                }
            }
        }
        let exact = |(row, (cluster, _)): (&[f32], (u32, f32))| (cluster, squared_distance(row, self.centre(cluster)));
        values.chunks_exact(self.width).zip(best).map(exact).collect()
    }

    fn centre(&self, number: u32) -> &[f32] {
        &self.centres[number as usize * self.width..][..self.width]
    }

    fn step(&self, vectors: &Vectors) -> Result<Step> {
        let empty = || Step {
            sums: vec![0.0; self.centres.len()],
            counts: vec![0; self.clusters()],
            inertia: 0.0,
            farthest: (-1.0, vec![]),
        };
        let mut total = empty();
        vectors.map_blocks(
            block_rows(self.width + self.clusters()),
            |block| {
                let mut step = empty();
                let rows = block.values.chunks_exact(self.width);
                for (row, (cluster, distance)) in rows.zip(self.assign(&block.values)) {
                    let sums = &mut step.sums[cluster as usize * self.width..][..self.width];
                    sums.iter_mut().zip(row).for_each(|(sum, x)| *sum += f64::from(*x));
                    step.counts[cluster as usize] += 1;
                    step.inertia += distance;
                    if distance > step.farthest.0 {
                        step.farthest = (distance, row.to_vec());
                    }
                }
                step
            },
            |step| {
                total.sums.iter_mut().zip(step.sums).for_each(|(total, sum)| *total += sum);
                total.counts.iter_mut().zip(step.counts).for_each(|(total, count)| *total += count);
                total.inertia += step.inertia;
                if step.farthest.0 > total.farthest.0 {
                    total.farthest = step.farthest;
                }
            },
        )?;
        Ok(total)
    }

    /// Centres go to the mean of their rows; the first one without rows goes to the row that is farthest from its own
    /// centre, and further ones without rows stay until the next iteration.
    fn move_centres(&mut self, step: Step) {
        let mut farthest = Some(step.farthest.1);
        let sums = step.sums.chunks_exact(self.width).zip(step.counts);
        for (centre, (sums, count)) in self.centres.chunks_exact_mut(self.width).zip(sums) {
            if count > 0 {
                centre.iter_mut().zip(sums).for_each(|(x, sum)| *x = (sum / count as f64) as f32);
            } else if let Some(row) = farthest.take() {
                centre.copy_from_slice(&row);
            }
        }
    }
}

/// Picks rows as centres one after the other: of a few candidates, drawn with a probability proportional to the squared
/// distance from the centres so far, the one that leaves the least summed distance (greedy k-means++).
fn seed_centres(sample: &[f32], width: usize, clusters: usize, rng: &mut Rng) -> Vec<f32> {
    let rows = sample.len() / width;
    let candidates = 2 + clusters.ilog2() as usize;
    let mut centres = Vec::with_capacity(clusters * width);
    let mut distances = vec![1.0; rows];
    while centres.len() < clusters * width {
        let first = centres.is_empty();
        let drawn: Vec<usize> = (0..if first { 1 } else { candidates }).map(|_| draw(&distances, rng)).collect();
        let closer = |candidate: usize| -> Vec<f64> {
            let centre = &sample[candidate * width..][..width];
            let to_centre = sample.par_chunks_exact(width).map(|row| squared_distance(row, centre));
            to_centre.zip(&distances).map(|(new, old)| if first { new } else { new.min(*old) }).collect()
        };
        let mut best = (f64::INFINITY, vec![], 0);
        for candidate in drawn {
            let distances = closer(candidate);
            let total = distances.iter().sum();
            if total < best.0 || best.1.is_empty() {
                best = (total, distances, candidate);
            }
        }
        distances = best.1;
        centres.extend_from_slice(&sample[best.2 * width..][..width]);
    }
    centres
}

/// A position drawn with a probability proportional to its weight; any position if all weights are 0.
fn draw(weights: &[f64], rng: &mut Rng) -> usize {
    let mut rest = rng.random::<f64>() * weights.iter().sum::<f64>();
    let drawn = weights.iter().position(|weight| {
        rest -= weight;
        rest < 0.0
    });
    drawn.unwrap_or_else(|| rng.random_range(0..weights.len()))
}

fn squared_distance(a: &[f32], b: &[f32]) -> f64 {
    f64::from(a.iter().zip(b).map(|(a, b)| (a - b) * (a - b)).sum::<f32>())
}

#[cfg(test)]
mod tests {
    use super::super::fixture::blobs;
    use super::*;
    use crate::evaluate::Contingency;

    #[test]
    fn separated_blobs_are_found_and_the_inertia_is_theirs() {
        let vectors = blobs(6, 600, 5, 0.05, 3);
        let model = kmeans(6).fit(&vectors).unwrap();
        let block = vectors.blocks(600).next().unwrap().unwrap();
        let assigned = model.assign(&block.values);
        let mut table = Contingency::new();
        assigned.iter().zip(&block.classes).for_each(|((cluster, _), class)| table.add(*cluster, *class));
        assert_eq!(table.nmi(), 1.0);
        let mut inertia = 0.0;
        for class in 0..6 {
            let of_class = || block.values.chunks(5).skip(class).step_by(6);
            for feature in 0..5 {
                let mean = of_class().map(|row| f64::from(row[feature])).sum::<f64>() / 100.0;
                inertia += of_class().map(|row| (f64::from(row[feature]) - mean).powi(2)).sum::<f64>();
            }
        }
        assert!((model.inertia - inertia).abs() < 1e-4 * inertia, "{} and {inertia}", model.inertia);
        assert_eq!(model, kmeans(6).fit(&vectors).unwrap());
    }

    #[test]
    fn more_clusters_than_different_rows_still_end() {
        let mut builder = Vectors::builder(1).unwrap();
        (0..8).for_each(|row| builder.push(&[(row % 2) as f32], 0).unwrap());
        let vectors = builder.finish().unwrap();
        assert_eq!(kmeans(5).fit(&vectors).unwrap().inertia, 0.0);
        assert!(matches!(kmeans(9).fit(&vectors), Err(EvaluateError::TooFewRows { expected: 9, found: 8, .. })));
    }
}
