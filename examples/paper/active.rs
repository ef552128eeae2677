//! Active questions against random pairs, and what the negative answers are worth.

use rand::seq::SliceRandom;
use relata::Result;
use relata::data::seed::Rng;
use relata::graph::InducedEdges;

use super::experiment::{Experiment, Point, Series};
use super::least_asked::LeastAsked;
use super::setting::{Setting, graph};

/// Pairs that are asked about in a round, and rounds.
pub const AT_ONCE: usize = 10;
const ROUNDS: usize = 80;

/// Questions chosen by the current embedding, and pairs chosen at random.
pub const ACTIVE: Experiment = Experiment {
    name: "active",
    title: "Active questions against random pairs",
    x_label: "pairs asked about",
    series: &[
        Series {
            name: "active",
            reference: &[
                (0.0, 0.66),
                (50.0, 0.48),
                (100.0, 0.34),
                (200.0, 0.14),
                (300.0, 0.05),
                (400.0, 0.025),
                (500.0, 0.025),
                (790.0, 0.025),
            ],
        },
        Series {
            name: "passive",
            reference: &[
                (0.0, 0.66),
                (50.0, 0.56),
                (100.0, 0.48),
                (200.0, 0.38),
                (300.0, 0.28),
                (400.0, 0.17),
                (500.0, 0.12),
                (790.0, 0.04),
            ],
        },
    ],
    most: u32::MAX,
    on_same_data: 1,
    trial: |data, rng| {
        let setting = Setting::draw(150, 0.1, data)?;
        let rule = LeastAsked::new(&setting.train.classes, true);
        let mut points = active(&setting, rule, true, 0, rng)?;
        points.extend(passive(&setting, 1, rng)?);
        Ok(points)
    },
};

/// Questions about random candidates, with and without what the negative answers say.
pub const NEGATIVES: Experiment = Experiment {
    name: "negatives",
    title: "Negative answers help",
    x_label: "pairs asked about",
    series: &[
        Series {
            name: "signed",
            reference: &[
                (0.0, 0.69),
                (100.0, 0.55),
                (200.0, 0.40),
                (300.0, 0.28),
                (400.0, 0.18),
                (500.0, 0.10),
                (600.0, 0.04),
                (790.0, 0.0),
            ],
        },
        Series {
            name: "positive",
            reference: &[
                (0.0, 0.69),
                (100.0, 0.53),
                (200.0, 0.48),
                (300.0, 0.40),
                (400.0, 0.29),
                (500.0, 0.20),
                (600.0, 0.11),
                (790.0, 0.0),
            ],
        },
    ],
    most: u32::MAX,
    on_same_data: 1,
    trial: |data, rng| {
        let setting = Setting::draw(300, 0.0, data)?;
        let rule = || LeastAsked::new(&setting.train.classes, false);
        let mut points = active(&setting, rule(), true, 0, rng)?;
        points.extend(active(&setting, rule(), false, 1, rng)?);
        Ok(points)
    },
};

/// The graph of what a rule knows, with or without what it knows to be unrelated.
pub fn known_graph(rule: &LeastAsked, rows: usize, negatives: bool) -> InducedEdges {
    graph(rows, |a, b| match rule.relation(a, b) {
        Some(true) => 1.0,
        Some(false) if negatives => -1.0,
        _ => 0.0,
    })
}

fn active(
    setting: &Setting,
    mut rule: LeastAsked,
    negatives: bool,
    series: usize,
    rng: &mut Rng,
) -> Result<Vec<Point>> {
    let (points, classes) = (&setting.train.points, &setting.train.classes);
    let round = |round: usize| {
        let solution = setting.solve(&known_graph(&rule, classes.len(), negatives))?;
        rule.ask(&solution, points, classes, AT_ONCE, rng);
        let x = (round * AT_ONCE) as f64;
        Ok(Point { series, x, error: setting.error_of(&solution), components: None })
    };
    (0..ROUNDS).map(round).collect()
}

/// Random pairs, each of which says only what it says.
fn passive(setting: &Setting, series: usize, rng: &mut Rng) -> Result<Vec<Point>> {
    let classes = &setting.train.classes;
    let all = graph(classes.len(), |a, b| if classes[a] == classes[b] { 1.0 } else { -1.0 });
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.shuffle(rng);
    let known = |pairs: usize| {
        let of = |column: &[u32]| order[..pairs].iter().map(|&at| column[at]).collect();
        InducedEdges {
            nodes: classes.len(),
            src: of(&all.src),
            dst: of(&all.dst),
            weight: order[..pairs].iter().map(|&at| all.weight[at]).collect(),
        }
    };
    let point = |round: usize| {
        let pairs = round * AT_ONCE;
        Ok(Point { series, x: pairs as f64, error: setting.error(&known(pairs))?, components: None })
    };
    (0..ROUNDS).map(point).collect()
}
