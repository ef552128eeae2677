//! Between the self-supervised graph of two views and the graph of a few labels.

use rand::seq::SliceRandom;
use relata::Result;
use relata::data::seed::Rng;

use super::circles::{Circles, normal};
use super::experiment::{Experiment, Point, Series};
use super::setting::{Setting, graph, model};

const ROWS: usize = 200;
const TEST: usize = 500;
/// Every row is seen twice, each time a little moved.
const VIEWS: usize = 2;
const JITTER: f64 = 0.1;
/// Labelled rows.
const LABELS: [usize; 12] = [0, 5, 10, 20, 40, 60, 80, 100, 120, 140, 160, 199];
/// The share of the label graph, by series.
const ALPHAS: [f64; 3] = [0.5, 1e-3, 1e-6];
/// Data sets, and orders of labels for each.
const DATA_SETS: u32 = 10;
const ORDERS: u32 = 5;

/// (1 - alpha) times the graph of views plus alpha times the graph of labels; only the first view of a labelled row
/// carries its label.
pub const EXPERIMENT: Experiment = Experiment {
    name: "interpolation",
    title: "From views to labels, by the share of the label graph",
    x_label: "labelled rows",
    series: &[
        Series {
            name: "0.5",
            reference: &[
                (0.0, 0.41),
                (5.0, 0.66),
                (20.0, 0.59),
                (40.0, 0.49),
                (80.0, 0.32),
                (120.0, 0.20),
                (160.0, 0.10),
                (199.0, 0.04),
            ],
        },
        Series {
            name: "0.001",
            reference: &[
                (0.0, 0.41),
                (5.0, 0.51),
                (20.0, 0.36),
                (40.0, 0.26),
                (80.0, 0.13),
                (120.0, 0.06),
                (160.0, 0.02),
                (199.0, 0.005),
            ],
        },
        Series {
            name: "0.000001",
            reference: &[
                (0.0, 0.41),
                (5.0, 0.41),
                (20.0, 0.40),
                (40.0, 0.40),
                (80.0, 0.38),
                (120.0, 0.38),
                (160.0, 0.37),
                (199.0, 0.36),
            ],
        },
    ],
    most: DATA_SETS * ORDERS,
    on_same_data: ORDERS,
    trial,
};

fn trial(data: &mut Rng, rng: &mut Rng) -> Result<Vec<Point>> {
    let rows = Circles::train(ROWS, 0.0, data);
    // Node `VIEWS * row + view`.
    let mut views = Circles { points: vec![], classes: vec![] };
    for (point, &class) in rows.points.chunks_exact(2).zip(&rows.classes) {
        for _ in 0..VIEWS {
            views.points.extend(point.iter().map(|x| x + (JITTER * normal(data)) as f32));
            views.classes.push(class);
        }
    }
    let setting = Setting::of(views, &model(1.0).with_cutoff(None), Circles::test(TEST, 0.0, data))?;
    let classes = &setting.train.classes;
    let mut order: Vec<usize> = (0..ROWS).collect();
    order.shuffle(rng);
    let mut points = Vec::new();
    for (series, alpha) in ALPHAS.into_iter().enumerate() {
        for labels in LABELS {
            let mut labelled = vec![false; VIEWS * ROWS];
            order[..labels].iter().for_each(|row| labelled[VIEWS * row] = true);
            let weight = |a: usize, b: usize| {
                let views = if a / VIEWS == b / VIEWS { 1.0 - alpha } else { 0.0 };
                let labels = if labelled[a] && labelled[b] && classes[a] == classes[b] { alpha } else { 0.0 };
                views + labels
            };
            let edges = graph(VIEWS * ROWS, |a, b| weight(a, b) as f32);
            let diagonal: Vec<f64> = (0..VIEWS * ROWS).map(|node| weight(node, node)).collect();
            let error = setting.error_with_diagonal(&edges, &diagonal)?;
            points.push(Point { series, x: labels as f64, error, components: None });
        }
    }
    Ok(points)
}
