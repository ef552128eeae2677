//! Questions about the training rows, answered by their labels without a mistake.

use std::collections::HashSet;

use relata::active::calibration::Calibration;
use relata::active::inference::{Belief, BeliefSettings, Constraint};
use relata::prelude::*;

use crate::MARKS;
use crate::curves::Point;
use crate::digits::Digits;
use crate::score::score;

/// Pairs asked in a round.
const ROUND: usize = 5;

/// Asks until the last mark and measures at each.
pub fn ask(digits: &Digits, name: &'static str, strategy: &dyn Strategy, seed: u64) -> Vec<Point> {
    let labels = &digits.train.labels;
    let mut belief = Belief::new(labels.len(), BeliefSettings::default());
    let (mut closed, mut judged) = (HashSet::new(), Vec::new());
    let mut points = Vec::new();
    for round in 1.. {
        let calibration = if judged.is_empty() { Calibration::prior() } else { Calibration::fit(&judged) };
        let context = QueryContext {
            embeddings: &digits.train.rows,
            width: digits.width,
            belief: &belief,
            calibration: &calibration,
            closed: &closed,
            candidates: None,
            seed,
            round,
        };
        let queries = strategy.propose(&context, ROUND).into_iter();
        let pairs =
            queries.flat_map(|query| query.candidates.into_iter().map(move |candidate| (query.anchor, candidate)));
        let asked: Vec<(TrainingRow, TrainingRow, f32)> =
            pairs.map(|(a, b)| (a, b, context.similarity(a, b))).collect();
        for &(a, b, similarity) in &asked {
            let related = labels[a.index()] == labels[b.index()];
            closed.insert((a.min(b), a.max(b)));
            judged.push((similarity, related, 1.0));
            belief.add(Constraint { number: judged.len() as u64, a, b, related, weight: 1.0 });
        }
        if MARKS.contains(&judged.len()) || asked.is_empty() {
            let (accuracy, nmi) = score(digits, &belief);
            points.push(Point { strategy: name, seed: seed as u32, pairs: judged.len() as u32, accuracy, nmi });
        }
        if asked.is_empty() || judged.len() >= MARKS[MARKS.len() - 1] {
            break;
        }
    }
    points
}
