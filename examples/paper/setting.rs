//! The closed form on four circles, and the error of its best linear read-out.

use faer::Mat;
use faer::prelude::SolveLstsq;
use relata::Result;
use relata::data::seed::Rng;
use relata::graph::InducedEdges;
use relata::train::closed_form::{ClosedForm, Kernel, Prepared, Solution, closed_form};

use super::circles::{CLASSES, Circles};

/// Dimensions of the embedding.
pub const WIDTH: usize = 5;
/// Test rows, where an experiment does not say otherwise.
pub const TEST: usize = 1000;

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
    pub fn draw(rows: usize, noise: f64, data: &mut Rng) -> Result<Self> {
        let train = Circles::train(rows, noise, data);
        Self::of(train, &model(0.2), Circles::test(TEST, noise, data))
    }

    /// These training and test rows.
    pub fn of(train: Circles, model: &ClosedForm, test: Circles) -> Result<Self> {
        let prepared = model.prepare(train.points.clone(), 2)?;
        Ok(Self { train, prepared, test })
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
        let (embedding, rows) = (solution.embed(&self.test.points), self.test.classes.len());
        let embedding = Mat::from_fn(rows, WIDTH, |row, k| f64::from(embedding[row * WIDTH + k]));
        let labels = Mat::from_fn(rows, CLASSES, |row, class| if self.test.classes[row] == class { 1.0 } else { 0.0 });
        let fitted = &embedding * embedding.qr().solve_lstsq(&labels);
        let predicted = |row: usize| (0..CLASSES).max_by(|&a, &b| fitted[(row, a)].total_cmp(&fitted[(row, b)]));
        let wrong = (0..rows).filter(|&row| predicted(row) != Some(self.test.classes[row])).count();
        wrong as f64 / rows as f64
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
