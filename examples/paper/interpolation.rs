//! Between the self-supervised graph of two views and the graph of a few labels.

use rand::seq::SliceRandom;
use relata::Result;
use relata::data::seed::Rng;

use super::circles::{Circles, normal};
use super::experiment::{Experiment, Point, Series};
use super::setting::{Setting, graph, model};

const ROWS: usize = 200;
/// Every row is seen twice, each time a little moved.
const VIEWS: usize = 2;
const JITTER: f64 = 0.1;
/// Labelled rows.
const LABELS: [usize; 12] = [0, 5, 10, 20, 40, 60, 80, 100, 120, 140, 160, 199];
/// The share of the label graph, by series.
const ALPHAS: [f64; 3] = [0.5, 1e-3, 1e-6];

/// (1 - alpha) times the graph of views plus alpha times the graph of labels; only the first view of a labelled row
/// carries its label.
pub const EXPERIMENT: Experiment = Experiment {
    name: "interpolation",
    title: "From views to labels",
    x_label: "labelled rows",
    series: &[
        Series {
            name: "alpha = 0.5",
            reference: &[
                (0.0, 0.03),
                (20.0, 0.36),
                (40.0, 0.32),
                (80.0, 0.22),
                (120.0, 0.15),
                (160.0, 0.09),
                (199.0, 0.03),
            ],
        },
        Series {
            name: "alpha = 1e-3",
            reference: &[
                (0.0, 0.06),
                (20.0, 0.15),
                (40.0, 0.19),
                (80.0, 0.12),
                (120.0, 0.05),
                (160.0, 0.02),
                (199.0, 0.0),
            ],
        },
        Series {
            name: "alpha = 1e-6",
            reference: &[
                (0.0, 0.05),
                (20.0, 0.05),
                (40.0, 0.05),
                (80.0, 0.05),
                (120.0, 0.05),
                (160.0, 0.05),
                (199.0, 0.05),
            ],
        },
    ],
    trial,
};

fn trial(rng: &mut Rng) -> Result<Vec<Point>> {
    let rows = Circles::train(ROWS, 0.0, rng);
    // Node `VIEWS * row + view`.
    let mut views = Circles { points: vec![], classes: vec![] };
    for (point, &class) in rows.points.chunks_exact(2).zip(&rows.classes) {
        for _ in 0..VIEWS {
            views.points.extend(point.iter().map(|x| x + (JITTER * normal(rng)) as f32));
            views.classes.push(class);
        }
    }
    let setting = Setting::of(views, &model(1.0).with_cutoff(None), 0.0, rng)?;
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
            points.push(Point { series, x: labels as f64, error: setting.error_with_diagonal(&edges, &diagonal)? });
        }
    }
    Ok(points)
}
