//! Active questions against random pairs, and what the negative answers are worth.

use rand::seq::SliceRandom;
use relata::Result;
use relata::active::inference::{Belief, BeliefSettings, Constraint, Relation};
use relata::data::seed::Rng;
use relata::graph::InducedEdges;

use super::circles::CLASSES;
use super::experiment::{Experiment, Point, Series};
use super::rule::{AT_ONCE, Rule};
use super::setting::{Setting, graph};

const ROWS: usize = 150;
/// Pairs that are asked about in all.
const PAIRS: usize = 500;

/// Questions chosen by the current embedding, and pairs chosen at random.
pub const ACTIVE: Experiment = Experiment {
    name: "active",
    title: "Active questions against random pairs",
    x_label: "pairs asked about",
    series: &[
        Series { name: "active", reference: &[(0.0, 0.35), (100.0, 0.24), (200.0, 0.08), (300.0, 0.02)] },
        Series { name: "passive", reference: &[(0.0, 0.40), (100.0, 0.39), (200.0, 0.28), (300.0, 0.21)] },
        Series { name: "representatives(10)", reference: &[] },
    ],
    trial: |rng| {
        let setting = Setting::draw(ROWS, 0.1, rng)?;
        let mut points = active(&setting, Rule::LeastAsked, true, 0, rng)?;
        points.extend(passive(&setting, 1, rng)?);
        points.extend(active(&setting, Rule::Representatives, true, 2, rng)?);
        Ok(points)
    },
};

/// Active questions, with and without what the negative answers say.
pub const NEGATIVES: Experiment = Experiment {
    name: "negatives",
    title: "Negative answers help",
    x_label: "pairs asked about",
    series: &[
        Series { name: "negatives as -1", reference: &[(100.0, 0.36), (200.0, 0.13), (300.0, 0.02)] },
        Series { name: "negatives unknown", reference: &[(100.0, 0.42), (200.0, 0.25), (300.0, 0.05)] },
    ],
    trial: |rng| {
        let setting = Setting::draw(ROWS, 0.0, rng)?;
        let mut points = active(&setting, Rule::LeastAsked, true, 0, rng)?;
        points.extend(active(&setting, Rule::LeastAsked, false, 1, rng)?);
        Ok(points)
    },
};

/// Questions chosen by a rule; what follows from the answers is the graph.
fn active(setting: &Setting, rule: Rule, negatives: bool, series: usize, rng: &mut Rng) -> Result<Vec<Point>> {
    let classes = &setting.train.classes;
    let mut belief = Belief::new(ROWS, BeliefSettings::default());
    let mut number = 0;
    let mut answer = |belief: &mut Belief, a: u32, b: u32| {
        number += 1;
        let related = classes[a as usize] == classes[b as usize];
        belief.add(Constraint { number, a, b, related, weight: 1.0 });
    };
    // One row of each class is labelled at the start. Until the first answer that only says which classes there are, and
    // the graph is empty.
    let first = |class: usize| classes.iter().position(|&of| of == class);
    let labelled: Vec<u32> = (0..CLASSES).filter_map(first).map(|row| row as u32).collect();
    for (at, &row) in labelled.iter().enumerate() {
        labelled[..at].iter().for_each(|&other| answer(&mut belief, other, row));
    }
    let mut edges = InducedEdges { nodes: ROWS, ..Default::default() };
    let mut points = Vec::new();
    for round in 0..=(PAIRS / AT_ONCE) as u32 {
        let solution = setting.solve(&edges)?;
        points.push(Point { series, x: f64::from(round) * AT_ONCE as f64, error: setting.error_of(&solution) });
        for (anchor, candidate) in rule.ask(&belief, &labelled, &solution, &setting.train.points, round + 1, rng) {
            answer(&mut belief, anchor, candidate);
        }
        edges = graph(ROWS, |a, b| match belief.relation(a as u32, b as u32) {
            Some(Relation::Positive) => 1.0,
            Some(Relation::Negative) if negatives => -1.0,
            _ => 0.0,
        });
    }
    Ok(points)
}

/// Random pairs, each of which says only what it says.
fn passive(setting: &Setting, series: usize, rng: &mut Rng) -> Result<Vec<Point>> {
    let classes = &setting.train.classes;
    let all = graph(ROWS, |a, b| if classes[a] == classes[b] { 1.0 } else { -1.0 });
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.shuffle(rng);
    let known = |pairs: usize| {
        let of = |column: &[u32]| order[..pairs].iter().map(|&at| column[at]).collect();
        InducedEdges {
            nodes: ROWS,
            src: of(&all.src),
            dst: of(&all.dst),
            weight: order[..pairs].iter().map(|&at| all.weight[at]).collect(),
        }
    };
    let at = (0..=PAIRS).step_by(2 * AT_ONCE);
    at.map(|pairs| Ok(Point { series, x: pairs as f64, error: setting.error(&known(pairs))? })).collect()
}
