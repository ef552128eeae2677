//! Conformance of losses.

use relata_loss::{GraphLoss, Score, score};
use relata_schemas::InducedEdges;
use relata_train::DeviceChoice;

use crate::check_description;

const ROWS: usize = 6;
const WIDTH: usize = 3;

/// Checks a loss: finite values and gradients, gradients that agree with finite differences, nothing but regularisers
/// without an edge, and no difference by the order of edges or of the samples.
pub fn check_loss(loss: &dyn GraphLoss) {
    check_description(&|| loss.describe());
    if let Err(error) = loss.check() {
        panic!("check: the loss refuses its own settings: {error}");
    }
    for weights in [[1.0, 0.5, -1.0], [1.0, 1.0, 1.0], [-0.5, -1.0, -0.25]] {
        let edges = edges(weights);
        let values = values();
        let found = measured(loss, &values, &edges);
        assert!(found.value.is_finite(), "forward: the loss is {} for weights {weights:?}", found.value);
        assert!(found.gradient.iter().all(|g| g.is_finite()), "forward: a gradient is not finite");
        assert_eq!(found.gradient.len(), ROWS * WIDTH, "forward: every embedding has a gradient");
        assert!(
            found.terms.iter().all(|(_, term)| term.is_finite()),
            "forward: a term is not finite: {:?}",
            found.terms
        );
        check_gradient(loss, &values, &edges, &found.gradient);
        check_order(loss, &values, &edges, found.value);
    }
    let none = measured(loss, &values(), &InducedEdges { nodes: ROWS, ..InducedEdges::default() });
    assert!(none.value.is_finite(), "forward: without an edge the loss is {}", none.value);
    assert!(none.gradient.iter().all(|g| g.is_finite()), "forward: without an edge a gradient is not finite");
}

fn check_gradient(loss: &dyn GraphLoss, values: &[f32], edges: &InducedEdges, gradient: &[f32]) {
    const STEP: f32 = 1e-2;
    let largest = gradient.iter().fold(0.0f64, |most, g| most.max(f64::from(g.abs())));
    for at in 0..values.len() {
        let moved = |by: f32| {
            let mut values = values.to_vec();
            values[at] += by;
            measured(loss, &values, edges).value
        };
        let slope = (moved(STEP) - moved(-STEP)) / f64::from(2.0 * STEP);
        let allowed = 0.05 * largest + 2e-3;
        assert!(
            (slope - f64::from(gradient[at])).abs() <= allowed,
            "forward: the gradient of number {at} is {}, finite differences give {slope}",
            gradient[at]
        );
    }
}

fn check_order(loss: &dyn GraphLoss, values: &[f32], edges: &InducedEdges, value: f64) {
    let reversed = InducedEdges {
        nodes: edges.nodes,
        src: edges.src.iter().rev().copied().collect(),
        dst: edges.dst.iter().rev().copied().collect(),
        weight: edges.weight.iter().rev().copied().collect(),
    };
    let close = |other: f64| (other - value).abs() <= 1e-4 * (1.0 + value.abs());
    assert!(close(measured(loss, values, &reversed).value), "forward: the order of edges changes the loss");
    // The last sample becomes the first one.
    let turned: Vec<f32> = (0..ROWS).flat_map(|row| values[row_before(row) * WIDTH..][..WIDTH].to_vec()).collect();
    let mut moved = InducedEdges { nodes: ROWS, ..InducedEdges::default() };
    for at in 0..edges.len() {
        let after = |row: u32| (row as usize + 1) % ROWS;
        moved.push(after(edges.src[at]), after(edges.dst[at]), edges.weight[at]);
    }
    assert!(close(measured(loss, &turned, &moved).value), "forward: the order of samples changes the loss");
}

fn row_before(row: usize) -> usize {
    (row + ROWS - 1) % ROWS
}

fn measured(loss: &dyn GraphLoss, values: &[f32], edges: &InducedEdges) -> Score {
    let device = DeviceChoice::Cpu.open().unwrap_or_else(|error| panic!("there is always a CPU: {error}"));
    score(loss, values.to_vec(), WIDTH, edges, &device)
}

/// Numbers away from 0 and from each other, where losses have kinks.
fn values() -> Vec<f32> {
    (0..ROWS * WIDTH).map(|at| 0.9 * (1.0 + at as f32 * 1.7).sin() + 0.05 * at as f32).collect()
}

fn edges(weights: [f32; 3]) -> InducedEdges {
    let mut edges = InducedEdges { nodes: ROWS, ..InducedEdges::default() };
    for ((a, b), weight) in [(0, 1), (2, 4), (1, 5)].into_iter().zip(weights) {
        edges.push(a, b, weight);
    }
    edges
}
