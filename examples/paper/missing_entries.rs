//! How much of the label graph may be missing.

use rand::RngExt;
use relata::Result;
use relata::data::seed::Rng;

use super::experiment::{Experiment, Point, Series};
use super::setting::{Setting, graph};

const ROWS: usize = 100;
/// Shares of pairs that are dropped.
const SHARES: [f64; 14] = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.88, 0.9, 0.92, 0.94, 0.95, 0.96, 0.98, 1.0];

/// The positive graph of all labels, of which pairs are dropped at random.
pub const EXPERIMENT: Experiment = Experiment {
    name: "missing_entries",
    title: "Missing entries of the label graph",
    x_label: "share of pairs dropped",
    series: &[Series {
        name: "positive label graph",
        reference: &[(0.5, 0.05), (0.8, 0.04), (0.9, 0.09), (0.95, 0.34), (0.98, 0.42), (1.0, 0.42)],
    }],
    trial,
};

fn trial(rng: &mut Rng) -> Result<Vec<Point>> {
    let setting = Setting::draw(ROWS, 0.0, rng)?;
    let classes = &setting.train.classes;
    let point = |share: f64| {
        let edges = graph(ROWS, |a, b| {
            let kept = rng.random::<f64>() >= share;
            if kept && classes[a] == classes[b] { 1.0 } else { 0.0 }
        });
        Ok(Point { series: 0, x: share, error: setting.error(&edges)? })
    };
    SHARES.into_iter().map(point).collect()
}
