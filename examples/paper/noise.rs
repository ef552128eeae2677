//! How many labels may be wrong.

use rand::RngExt;
use rand::seq::SliceRandom;
use relata::Result;
use relata::data::seed::Rng;

use super::circles::CLASSES;
use super::experiment::{Experiment, Point, Series};
use super::setting::{Setting, graph};

const ROWS: usize = 300;
/// Labels that are drawn anew from one point to the next.
const STEP: usize = 10;

/// The signed graph of all labels, of which some are drawn anew.
pub const EXPERIMENT: Experiment = Experiment {
    name: "noise",
    title: "Noise in the labels",
    x_label: "labels drawn anew, of 300",
    series: &[Series {
        name: "signed label graph",
        reference: &[
            (0.0, 0.0),
            (30.0, 0.07),
            (60.0, 0.15),
            (100.0, 0.25),
            (150.0, 0.37),
            (200.0, 0.49),
            (250.0, 0.59),
            (290.0, 0.61),
        ],
    }],
    most: u32::MAX,
    on_same_data: 1,
    trial,
};

fn trial(data: &mut Rng, rng: &mut Rng) -> Result<Vec<Point>> {
    let setting = Setting::draw(ROWS, 0.0, data)?;
    let mut labels = setting.train.classes.clone();
    let mut order: Vec<usize> = (0..ROWS).collect();
    order.shuffle(rng);
    let mut points = Vec::new();
    for drawn in (0..ROWS).step_by(STEP) {
        let edges = graph(ROWS, |a, b| if labels[a] == labels[b] { 1.0 } else { -1.0 });
        points.push(Point { series: 0, x: drawn as f64, error: setting.error(&edges)?, components: None });
        order[drawn..drawn + STEP].iter().for_each(|&row| labels[row] = rng.random_range(0..CLASSES));
    }
    Ok(points)
}
