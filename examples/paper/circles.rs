//! Four classes on four circles, the closed form on them, and the error of its best linear read-out.

use std::f64::consts::TAU;

use faer::Mat;
use faer::prelude::SolveLstsq;
use rand::RngExt;
use relata::Result;
use relata_data::seed::Rng;
use relata_graph::InducedEdges;
use relata_train::closed_form::{ClosedForm, Kernel, Prepared, Solution, closed_form};

/// Classes: class c is on the circle of radius c + 1 around the origin.
pub const CLASSES: usize = 4;
/// Test rows.
const TEST: usize = 1000;
/// Dimensions of the embedding.
const WIDTH: usize = 5;

/// Rows in the plane.
pub struct Circles {
    /// Coordinates `[rows, 2]`, row-major.
    pub points: Vec<f32>,
    /// The class of each row; each class is a run of rows, and all have the same number but for one.
    pub classes: Vec<usize>,
}

impl Circles {
    /// Training rows at random angles; `noise` times a normal number is added to the radius.
    pub fn train(rows: usize, noise: f64, rng: &mut Rng) -> Self {
        let angles: Vec<f64> = (0..rows).map(|_| rng.random_range(0.0..TAU)).collect();
        Self::at(&angles, noise, rng)
    }

    /// Test rows at equally spaced angles: once around over all rows, so a quarter of a circle for each class.
    fn test(noise: f64, rng: &mut Rng) -> Self {
        let angles: Vec<f64> = (0..TEST).map(|row| row as f64 / TEST as f64 * TAU).collect();
        Self::at(&angles, noise, rng)
    }

    fn at(angles: &[f64], noise: f64, rng: &mut Rng) -> Self {
        let classes: Vec<usize> = (0..angles.len()).map(|row| row * CLASSES / angles.len()).collect();
        let rows = classes.iter().zip(angles);
        let points = rows.flat_map(|(&class, &angle)| {
            let radius = (class + 1) as f64 + noise * normal(rng);
            [(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]
        });
        Self { points: points.collect(), classes }
    }
}

/// The paper's closed form with a Laplace kernel: ridge 1e-3, five dimensions.
pub fn model(kernel_width: f64) -> ClosedForm {
    closed_form(Kernel::Laplace { width: kernel_width }, WIDTH)
}

/// Training rows, ready for any graph among them, and the test rows that it is judged by.
pub struct Setting {
    /// The training rows.
    pub train: Circles,
    prepared: Prepared,
    test: Circles,
}

impl Setting {
    /// Draws the training rows and, with the same noise, the test rows.
    pub fn draw(rows: usize, noise: f64, rng: &mut Rng) -> Result<Self> {
        Self::of(Circles::train(rows, noise, rng), &model(0.2), noise, rng)
    }

    /// These training rows, and test rows of this noise.
    pub fn of(train: Circles, model: &ClosedForm, noise: f64, rng: &mut Rng) -> Result<Self> {
        let prepared = model.prepare(train.points.clone(), 2)?;
        Ok(Self { train, prepared, test: Circles::test(noise, rng) })
    }

    /// Solves for a graph.
    pub fn solve(&self, edges: &InducedEdges) -> Result<Solution> {
        Ok(self.prepared.solve(edges)?)
    }

    /// The test error under a graph.
    pub fn error(&self, edges: &InducedEdges) -> Result<f64> {
        Ok(self.error_of(&self.solve(edges)?))
    }

    /// The test error under a graph whose matrix has this diagonal.
    pub fn error_with_diagonal(&self, edges: &InducedEdges, diagonal: &[f64]) -> Result<f64> {
        Ok(self.error_of(&self.prepared.solve_with_diagonal(edges, diagonal)?))
    }

    /// The share of test rows that the best linear read-out gets wrong: least squares on their own one-hot labels.
    pub fn error_of(&self, solution: &Solution) -> f64 {
        let embedding = solution.embed(&self.test.points);
        let embedding = Mat::from_fn(TEST, WIDTH, |row, k| f64::from(embedding[row * WIDTH + k]));
        let labels = Mat::from_fn(TEST, CLASSES, |row, class| if self.test.classes[row] == class { 1.0 } else { 0.0 });
        let fitted = &embedding * embedding.qr().solve_lstsq(&labels);
        let predicted = |row: usize| (0..CLASSES).max_by(|&a, &b| fitted[(row, a)].total_cmp(&fitted[(row, b)]));
        let wrong = (0..TEST).filter(|&row| predicted(row) != Some(self.test.classes[row])).count();
        wrong as f64 / TEST as f64
    }
}

/// The graph of these weights among all pairs of rows (the smaller first); 0 is no edge.
pub fn graph(rows: usize, mut weight: impl FnMut(usize, usize) -> f32) -> InducedEdges {
    let mut edges = InducedEdges { nodes: rows, ..Default::default() };
    for (a, b) in (0..rows).flat_map(|a| (a + 1..rows).map(move |b| (a, b))) {
        let weight = weight(a, b);
        if weight != 0.0 {
            edges.src.push(a as u32);
            edges.dst.push(b as u32);
            edges.weight.push(weight);
        }
    }
    edges
}

/// A standard normal number (Box and Muller 1958).
pub fn normal(rng: &mut Rng) -> f64 {
    let (radius, angle): (f64, f64) = (1.0 - rng.random::<f64>(), rng.random());
    (-2.0 * radius.ln()).sqrt() * (TAU * angle).cos()
}
