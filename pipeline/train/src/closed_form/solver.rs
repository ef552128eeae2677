//! Solver of the closed form: the top eigenvectors of `T - lambda K^+`. What depends on the kernel alone is done once,
//! the rest for each graph.

use faer::{Mat, MatRef, Side};
use relata_graph::InducedEdges;

use super::settings::ClosedForm;
use super::solution::Solution;
use crate::error::{Result, TrainError};
use crate::memory;

/// Training samples and the pseudo-inverse of their kernel matrix; see [`ClosedForm::prepare`].
#[derive(Debug, Clone)]
pub struct Prepared {
    settings: ClosedForm,
    features: usize,
    train: Vec<f32>,
    pseudo_inverse: Mat<f64>,
}

impl ClosedForm {
    /// Does what does not depend on the graph, once for all graphs among the same training samples `[rows, features]`.
    pub fn prepare(&self, train: Vec<f32>, features: usize) -> Result<Prepared> {
        Prepared::new(self.clone(), train, features)
    }

    /// Solves for training samples `[edges.nodes, features]` and the edges among them; the graph's matrix `T` gets a
    /// unit diagonal.
    pub fn solve(&self, train: Vec<f32>, features: usize, edges: &InducedEdges) -> Result<Solution> {
        self.prepare(train, features)?.solve(edges)
    }
}

impl Prepared {
    pub(super) fn new(settings: ClosedForm, train: Vec<f32>, features: usize) -> Result<Self> {
        settings.check()?;
        let rows = train.len() / features.max(1);
        if features == 0 || train.len() != rows * features {
            let expected = format!("above 0 and a divisor of {} (numbers given)", train.len());
            return Err(TrainError::setting("closed_form", "features", expected, features));
        }
        settings.check_rows(rows)?;
        check_memory(rows, memory::available())?;
        let kernel = settings.kernel.matrix(&train, &train, features);
        let pseudo_inverse = pseudo_inverse(&kernel, settings.cutoff)?;
        Ok(Self { settings, features, train, pseudo_inverse })
    }

    /// The number of training samples.
    pub fn rows(&self) -> usize {
        self.train.len() / self.features
    }

    /// Solves for the edges among the training samples; the graph's matrix `T` gets a unit diagonal.
    pub fn solve(&self, edges: &InducedEdges) -> Result<Solution> {
        self.solve_with_diagonal(edges, &vec![1.0; self.rows()])
    }

    /// Solves for the edges among the training samples and this diagonal of the graph's matrix `T`: how much every
    /// sample is related to itself.
    pub fn solve_with_diagonal(&self, edges: &InducedEdges, diagonal: &[f64]) -> Result<Solution> {
        let normalised = self.settings.normalised.then(|| edges.clone().normalised());
        let edges = normalised.as_ref().unwrap_or(edges);
        let (n, width, ridge) = (self.rows(), self.settings.width, self.settings.ridge);
        let wrong = |setting: &str, found: usize| {
            Err(TrainError::setting("closed_form", setting, format!("{n} (training rows)"), found))
        };
        if edges.nodes != n {
            return wrong("nodes of the graph", edges.nodes);
        }
        if diagonal.len() != n {
            return wrong("length of the diagonal", diagonal.len());
        }
        let mut target = &self.pseudo_inverse * faer::Scale(-ridge);
        for (i, weight) in diagonal.iter().enumerate() {
            target[(i, i)] += weight;
        }
        for at in 0..edges.len() {
            let (i, j, w) = (edges.src[at] as usize, edges.dst[at] as usize, f64::from(edges.weight[at]));
            target[(i, j)] += w;
            target[(j, i)] += w;
        }
        let decomposition =
            target.self_adjoint_eigen(Side::Lower).map_err(|e| failed("eigenvectors of the graph", e))?;
        // Eigenvalues ascend, so the top ones are the last columns.
        let vectors = decomposition.U();
        let signs: Vec<f64> = (0..width).map(|k| sign(vectors, n - 1 - k)).collect();
        let top = Mat::from_fn(n, width, |i, k| vectors[(i, n - 1 - k)] * signs[k]);
        let coefficients = &self.pseudo_inverse * &top * faer::Scale(ridge);
        let at = (0..n).flat_map(|i| (0..width).map(move |k| (i, k)));
        Ok(Solution {
            kernel: self.settings.kernel,
            features: self.features,
            width,
            train: self.train.clone(),
            coefficients: at.map(|at| coefficients[at]).collect(),
        })
    }
}

/// Refuses matrices that do not fit into memory: seven of them are there at a time.
fn check_memory(rows: usize, available: Option<u64>) -> Result<()> {
    let bytes = 7 * 8 * (rows as u64).saturating_mul(rows as u64);
    match available {
        Some(available) if bytes > available => Err(TrainError::TooLarge { rows, bytes, available }),
        _ => Ok(()),
    }
}

/// Pseudo-inverse of a kernel matrix; see [`ClosedForm::with_cutoff`].
fn pseudo_inverse(kernel: &Mat<f64>, cutoff: Option<f64>) -> Result<Mat<f64>> {
    let n = kernel.nrows();
    let decomposition = kernel.self_adjoint_eigen(Side::Lower).map_err(|e| failed("eigenvectors of the kernel", e))?;
    let (vectors, values) = (decomposition.U(), decomposition.S().column_vector());
    let least = cutoff.map_or(n as f64 * f64::EPSILON * values[n - 1].abs(), |cutoff| cutoff / n as f64);
    let kept: Vec<usize> = (0..n).filter(|&k| values[k] > least).collect();
    let half = Mat::from_fn(n, kept.len(), |i, k| vectors[(i, kept[k])] / values[kept[k]].sqrt());
    Ok(&half * half.transpose())
}

/// Eigenvectors have no sign of their own: the entry of the largest magnitude is made positive.
fn sign(vectors: MatRef<'_, f64>, column: usize) -> f64 {
    let largest =
        (0..vectors.nrows()).map(|i| vectors[(i, column)]).fold(0.0f64, |a, b| if b.abs() > a.abs() { b } else { a });
    if largest < 0.0 { -1.0 } else { 1.0 }
}

fn failed(routine: &'static str, error: impl std::fmt::Debug) -> TrainError {
    TrainError::Numerical { routine, reason: format!("{error:?}") }
}

#[cfg(test)]
mod tests {
    use rand::RngExt;
    use relata_data::seed::stream;

    use super::super::kernel::Kernel;
    use super::super::settings::closed_form;
    use super::*;

    const FEATURES: usize = 3;

    fn samples(rows: usize) -> Vec<f32> {
        let mut rng = stream(5, &[]);
        (0..rows * FEATURES).map(|_| rng.random_range(-1.0..1.0)).collect()
    }

    fn ring(nodes: usize) -> InducedEdges {
        let (src, dst) = ((0..nodes as u32 - 1).collect(), (1..nodes as u32).collect());
        let weight = (0..nodes - 1).map(|at| if at % 3 == 0 { -0.5 } else { 1.0 }).collect();
        InducedEdges { nodes, src, dst, weight }
    }

    /// Checks `(T - lambda K^-1) v = l v` by its product with K: no inverse is needed.
    fn is_eigenvector(kernel: &Mat<f64>, target: &Mat<f64>, ridge: f64, v: &Mat<f64>) {
        let (left, v_norm) = (target * v, v.norm_l2());
        let shift = kernel.partial_piv_lu().solve(v) * faer::Scale(ridge);
        let left = left - shift;
        let eigenvalue = (left.transpose() * v)[(0, 0)] / (v_norm * v_norm);
        let residue = (left - v * faer::Scale(eigenvalue)).norm_l2();
        assert!(residue < 1e-3 * v_norm, "{residue} of {v_norm}");
    }

    use faer::prelude::Solve;

    #[test]
    fn training_rows_are_embedded_in_eigenvectors_of_the_regularised_graph() {
        let (rows, width, ridge) = (24, 4, 1e-3);
        let settings = closed_form(Kernel::Laplace { width: 0.5 }, width).with_ridge(ridge);
        let (train, edges) = (samples(rows), ring(rows));
        let kernel = Kernel::Laplace { width: 0.5 }.matrix(&train, &train, FEATURES);
        let prepared = settings.prepare(train.clone(), FEATURES).unwrap();
        let varied: Vec<f64> = (0..rows).map(|row| 0.25 * (row % 5) as f64).collect();
        for diagonal in [vec![1.0; rows], varied] {
            let mut target = Mat::from_fn(rows, rows, |i, j| if i == j { diagonal[i] } else { 0.0 });
            for at in 0..edges.len() {
                let (i, j) = (edges.src[at] as usize, edges.dst[at] as usize);
                target[(i, j)] = f64::from(edges.weight[at]);
                target[(j, i)] = target[(i, j)];
            }
            let embedding = prepared.solve_with_diagonal(&edges, &diagonal).unwrap().embed(&train);
            for k in 0..width {
                let v = Mat::from_fn(rows, 1, |i, _| f64::from(embedding[i * width + k]));
                assert!((v.norm_l2() / ridge - 1.0).abs() < 1e-3);
                is_eigenvector(&kernel, &target, ridge, &v);
            }
        }
    }

    #[test]
    fn one_preparation_serves_many_graphs() {
        let settings = closed_form(Kernel::Rbf { width: 1.0 }, 3);
        let prepared = settings.prepare(samples(12), FEATURES).unwrap();
        let empty = InducedEdges { nodes: 12, ..Default::default() };
        for edges in [ring(12), empty] {
            assert_eq!(prepared.solve(&edges).unwrap(), settings.solve(samples(12), FEATURES, &edges).unwrap());
        }
        assert_ne!(prepared.solve(&ring(12)).unwrap(), prepared.solve_with_diagonal(&ring(12), &[0.1; 12]).unwrap());
    }

    #[test]
    fn a_kernel_without_full_rank_has_a_pseudo_inverse_under_any_cutoff() {
        // Twelve rows of three numbers: a linear kernel of rank 3.
        let train = samples(12);
        let kernel = Kernel::Linear.matrix(&train, &train, FEATURES);
        for cutoff in [None, Some(1e-5)] {
            let inverse = pseudo_inverse(&kernel, cutoff).unwrap();
            assert!((&kernel * &inverse * &kernel - &kernel).norm_max() < 1e-9);
            assert!((&inverse * &kernel * &inverse - &inverse).norm_max() < 1e-9);
        }
        let dropped = pseudo_inverse(&kernel, Some(1e6)).unwrap();
        assert_eq!(dropped.norm_max(), 0.0);
    }

    #[test]
    fn what_does_not_fit_into_memory_is_refused_before_it_is_taken() {
        let error = check_memory(100_000, Some(8 << 30)).unwrap_err().to_string();
        assert!(
            error.contains("100000 training rows") && error.contains("521.5 GiB") && error.contains("8.0 GiB"),
            "{error}"
        );
        check_memory(1000, Some(8 << 30)).unwrap();
        check_memory(usize::MAX, None).unwrap();
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let settings = closed_form(Kernel::Linear, 2);
        let prepared = settings.prepare(samples(6), FEATURES).unwrap();
        let errors = [
            prepared.solve(&ring(5)).unwrap_err(),
            prepared.solve_with_diagonal(&ring(6), &[1.0; 7]).unwrap_err(),
            settings.prepare(samples(6), 4).unwrap_err(),
            settings.prepare(samples(6), 0).unwrap_err(),
            settings.prepare(samples(1), FEATURES).unwrap_err(),
            settings.clone().with_cutoff(0.0).prepare(samples(6), FEATURES).unwrap_err(),
        ];
        for (error, found) in errors.iter().zip(["is 5", "is 7", "is 4", "is 0", "is 2", "is 0"]) {
            assert!(error.to_string().contains(found), "{error}");
        }
    }
}
