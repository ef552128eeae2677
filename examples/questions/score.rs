//! Test accuracy and NMI of what follows from the answers, by label propagation.

use std::collections::BTreeMap;

use relata::active::inference::Belief;
use relata::evaluate::Contingency;
use relata::graph::label_propagation::propagate_labels;

use crate::digits::Digits;

/// Components that get a name at the end: those that cover most rows.
const NAMES: usize = 10;

/// Spreads the components over the graph, names the ten that cover most rows by the label of one member each, and gives
/// test accuracy, and NMI of the (unnamed) components that test rows fall into.
pub fn score(digits: &Digits, belief: &Belief) -> (f64, f64) {
    let labels = &digits.train.labels;
    let known: Vec<u32> = belief.components().collect();
    let mut seeds = vec![None; labels.len()];
    for (class, &component) in known.iter().enumerate() {
        belief.members(component).iter().for_each(|&row| seeds[row.index()] = Some(class as u32));
    }
    let all = propagate_labels(&digits.neighbours, &seeds, known.len());
    let mut covered = vec![0usize; known.len()];
    all.best().into_iter().flatten().for_each(|class| covered[class as usize] += 1);
    let mut order: Vec<usize> = (0..known.len()).collect();
    order.sort_by_key(|&class| std::cmp::Reverse(covered[class]));
    order.truncate(NAMES);
    let numbers: BTreeMap<u32, u32> = order.iter().zip(0..).map(|(&class, number)| (class as u32, number)).collect();
    let names: Vec<u32> = order.iter().map(|&class| labels[belief.members(known[class])[0].index()]).collect();
    let renumber = |seed: Option<u32>| seed.and_then(|class| numbers.get(&class).copied());
    let seeds: Vec<Option<u32>> = seeds.into_iter().map(renumber).collect();
    let named = propagate_labels(&digits.neighbours, &seeds, names.len());
    let found = named.classify(&digits.neighbours, &digits.train.rows, &digits.test.rows, digits.width);
    let mut table = Contingency::new();
    let mut right = 0;
    for (class, &label) in found.iter().zip(&digits.test.labels) {
        right += usize::from(class.is_some_and(|class| names[class as usize] == label));
        table.add(class.unwrap_or(NAMES as u32), label);
    }
    (right as f64 / digits.test.labels.len() as f64, table.nmi())
}
