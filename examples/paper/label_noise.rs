//! How many labels may be wrong.

use rand::RngExt;
use rand::seq::SliceRandom;
use relata::Result;
use relata::data::seed::Rng;

use super::circles::CLASSES;
use super::experiment::{Experiment, Point, Series};
use super::setting::{Setting, graph};

const ROWS: usize = 300;

/// The signed graph of all labels, of which some are drawn again.
pub const EXPERIMENT: Experiment = Experiment {
    name: "label_noise",
    title: "Noise in the labels",
    x_label: "share of labels drawn again",
    series: &[Series {
        name: "signed label graph",
        reference: &[(0.0, 0.0), (0.1, 0.05), (0.2, 0.11), (0.5, 0.23), (0.9, 0.43)],
    }],
    trial,
};

fn trial(rng: &mut Rng) -> Result<Vec<Point>> {
    let setting = Setting::draw(ROWS, 0.0, rng)?;
    let mut labels = setting.train.classes.clone();
    let mut order: Vec<usize> = (0..ROWS).collect();
    order.shuffle(rng);
    let mut points = Vec::new();
    for tenth in 0..=10 {
        let edges = graph(ROWS, |a, b| if labels[a] == labels[b] { 1.0 } else { -1.0 });
        points.push(Point { series: 0, x: f64::from(tenth) / 10.0, error: setting.error(&edges)? });
        let next = order.split_off(order.len().saturating_sub(ROWS / 10));
        next.into_iter().for_each(|row| labels[row] = rng.random_range(0..CLASSES));
    }
    Ok(points)
}
