//! How much of the label graph may be missing.

use rand::RngExt;
use relata::Result;
use relata::data::seed::Rng;
use relata::graph::{Components, InducedEdges};

use super::experiment::{Experiment, Point, Series};
use super::setting::{Setting, graph};

const ROWS: usize = 100;
/// Shares of entries that are missing: so many from a half to all, with equal steps, and those of the reference.
const STEPS: usize = 20;

/// The positive graph of all labels, of which entries are dropped at random, those of the diagonal as well.
pub const EXPERIMENT: Experiment = Experiment {
    name: "missing",
    title: "Missing entries of the label graph",
    x_label: "share of entries that are missing",
    series: &[Series {
        name: "positive label graph",
        reference: &[(0.5, 0.05), (0.7, 0.05), (0.8, 0.07), (0.9, 0.20), (0.95, 0.39), (1.0, 0.66)],
    }],
    most: u32::MAX,
    on_same_data: 1,
    trial,
};

/// The mean number of connected components, by share.
pub const COMPONENTS: [(f64, f64); 6] = [(0.5, 4.0), (0.7, 4.0), (0.8, 4.5), (0.9, 13.0), (0.95, 42.0), (1.0, 100.0)];

fn trial(data: &mut Rng, rng: &mut Rng) -> Result<Vec<Point>> {
    let setting = Setting::draw(ROWS, 0.0, data)?;
    let classes = &setting.train.classes;
    let mut shares: Vec<f64> = (0..STEPS).map(|step| 0.5 + 0.5 * step as f64 / (STEPS - 1) as f64).collect();
    shares.extend(COMPONENTS.iter().map(|(share, _)| share).filter(|&share| *share > 0.5 && *share < 1.0));
    shares.sort_by(f64::total_cmp);
    let point = |share: f64| {
        let diagonal: Vec<f64> = (0..ROWS).map(|_| if rng.random::<f64>() >= share { 1.0 } else { 0.0 }).collect();
        let edges = graph(ROWS, |a, b| {
            let kept = rng.random::<f64>() >= share;
            if kept && classes[a] == classes[b] { 1.0 } else { 0.0 }
        });
        let error = setting.error_with_diagonal(&edges, &diagonal)?;
        Ok(Point { series: 0, x: share, error, components: Some(components_of(&edges)) })
    };
    shares.into_iter().map(point).collect()
}

fn components_of(edges: &InducedEdges) -> usize {
    let mut components = Components::new(edges.nodes);
    edges.src.iter().zip(&edges.dst).for_each(|(&a, &b)| components.join(a, b));
    (0..edges.nodes as u32).filter(|&row| components.root(row) == row).count()
}
