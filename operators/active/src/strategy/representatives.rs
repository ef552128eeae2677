//! Representatives, the active rule of the PAL paper: candidates for the class that was asked about least, shown
//! together.

use std::collections::HashSet;
use std::num::NonZeroUsize;

use rand::RngExt;
use relata_data::index::TrainingRow;
use relata_data::seed::Purpose;
use relata_graph::neighbour_graph::NeighbourGraph;

use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use super::batch_selection::ranked;
use super::candidate_pool::{CandidatePool, most_central_first};
use super::candidate_queries::gathered;
use super::query_context::QueryContext;
use super::query_strategy::{Query, Strategy};
use super::ridge::RidgeClassifier;

/// Neighbours that make a row typical by being near.
const NEIGHBOURS: usize = 20;
/// Classes that are told apart, those asked about least, and members of each that are learnt from.
const CLASSES: usize = 512;
const MEMBERS: usize = 64;
/// Rows alone that are looked at as classes of their own.
const ALONE: usize = 4_096;

/// See [`representatives`].
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Representatives {
    candidates: NonZeroUsize,
}

impl Default for Representatives {
    fn default() -> Self {
        representatives(10)
    }
}

/// The active rule of Cabannes, Bottou, LeCun and Balestriero (2023, "Active self-supervised learning: a few low-cost
/// relationships are all you need"): `candidates` rows are shown with a member of the class that was asked about least,
/// and those of the same class are selected. Rows are preferred that the embedding, read out on the known rows by least
/// squares, predicts to be in the class; among these it draws at random, of others it takes the most probable.
///
/// A class is a component of at least two rows, or a row that is known to differ from every class; a class never asked
/// about is compared with the rows that other classes refused first. While there is none, the most typical rows, those
/// with the nearest neighbours (Hacohen, Dekel and Weinshall 2022), are compared with rows near them. The rule is made
/// for classes of which a row is known; [`explore_consolidate`](super::explore_consolidate()) finds them sooner.
///
/// Where a pipeline has candidates, rows are shown with their most probable ones instead.
///
/// ```
/// use relata_active::query_loop::StrategyExt;
/// use relata_active::strategy::{Strategy, representatives};
///
/// assert_eq!(representatives(8).describe().to_string(), "representatives candidates=8");
/// let config = representatives(8).budget(300.0).per_round(50);
/// # config.check().unwrap();
/// ```
pub fn representatives(candidates: usize) -> Representatives {
    Representatives { candidates: NonZeroUsize::new(candidates).unwrap_or(NonZeroUsize::MIN) }
}

impl Settings for Representatives {
    const NAME: &'static str = "representatives";
    const SUMMARY: &'static str = "candidates for the class that was asked about least, shown together";
}

impl Strategy for Representatives {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn propose(&self, context: &QueryContext<'_>, pairs: usize) -> Vec<Query> {
        if let Some(candidates) = context.candidates {
            return gathered(candidates, context, self.candidates.get(), pairs);
        }
        let pool = CandidatePool::draw(context);
        let classes = classes(context);
        ranked(match classes.is_empty() {
            true => self.start(context, &pool, pairs),
            false => self.of_classes(context, &pool, &classes, pairs),
        })
    }
}

/// A class that can be asked about.
struct Class {
    /// Whether it is a row that is known to differ from the other classes, and no more.
    new: bool,
    /// Some of its members, the most central first.
    members: Vec<TrainingRow>,
}

impl Representatives {
    fn start(
        &self,
        context: &QueryContext<'_>,
        pool: &CandidatePool,
        pairs: usize,
    ) -> Vec<(TrainingRow, Vec<TrainingRow>)> {
        let neighbours = NeighbourGraph::of(&pool.vectors, pool.width, NEIGHBOURS);
        let mut typical: Vec<u32> = pool.unqueried.clone();
        typical.sort_by(|&a, &b| neighbours.scale(a as usize).total_cmp(&neighbours.scale(b as usize)));
        let mut typical = typical.into_iter().map(|place| pool.rows[place as usize]);
        let (mut used, mut anchors) = (HashSet::new(), Vec::new());
        let mut questions = Vec::new();
        let mut left = pairs;
        while left > 0 {
            let alike = |a, b| context.calibration.probability(context.similarity(a, b)) > 0.5;
            let anchor = typical.find(|&row| !used.contains(&row) && !anchors.iter().any(|&other| alike(row, other)));
            let Some(anchor) = anchor else { break };
            anchors.push(anchor);
            used.insert(anchor);
            let free = pool.unqueried.iter().map(|&place| pool.rows[place as usize]);
            let free = free.filter(|row| !used.contains(row) && context.is_open(anchor, *row));
            let mut near: Vec<(f32, TrainingRow)> = free.map(|row| (context.similarity(anchor, row), row)).collect();
            near.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            let candidates: Vec<TrainingRow> =
                near.into_iter().map(|(_, row)| row).take(self.candidates.get().min(left)).collect();
            if !candidates.is_empty() {
                left -= candidates.len();
                used.extend(&candidates);
                questions.push((anchor, candidates));
            }
        }
        questions
    }

    fn of_classes(
        &self,
        context: &QueryContext<'_>,
        pool: &CandidatePool,
        classes: &[Class],
        pairs: usize,
    ) -> Vec<(TrainingRow, Vec<TrainingRow>)> {
        let known = classes.iter().zip(0..);
        let known = known.flat_map(|(class, at)| class.members.iter().map(move |&row| (context.embedding(row), at)));
        let scores = RidgeClassifier::fit(context.width, classes.len(), known).scores(&pool.vectors);
        let rows = pool.rows.len();
        let predicted: Vec<Option<usize>> = (0..rows)
            .map(|place| {
                let row = pool.rows[place];
                let known = context.belief.is_known(row);
                let may = |at: usize| !known || context.belief.relation(row, classes[at].members[0]).is_none();
                let better = |best: usize, at: usize| {
                    if scores[at * rows + place] > scores[best * rows + place] { at } else { best }
                };
                (0..classes.len()).filter(|&at| may(at)).reduce(better)
            })
            .collect();
        let mut rng = Purpose::Representatives.stream(context.seed, &[context.round.into()]);
        // Components that are in a question already.
        let mut used = HashSet::new();
        let mut questions = Vec::new();
        let mut left = pairs;
        for (at, class) in classes.iter().enumerate() {
            if left == 0 {
                break;
            }
            let anchor = class.members[0];
            let refused = |row| class.new && context.belief.is_known(row);
            let mut open: Vec<((bool, bool), f32, TrainingRow)> = (0..rows)
                .filter(|&place| context.is_open(anchor, pool.rows[place]))
                .filter(|&place| !used.contains(&context.belief.component(pool.rows[place])))
                .map(|place| {
                    let (row, within) = (pool.rows[place], predicted[place] == Some(at));
                    let score = match within {
                        true => rng.random_range(0.0..1.0f32),
                        false => scores[at * rows + place],
                    };
                    ((refused(row), within), score, row)
                })
                .collect();
            let order = |a: &((bool, bool), f32, TrainingRow), b: &((bool, bool), f32, TrainingRow)| {
                b.0.cmp(&a.0).then(b.1.total_cmp(&a.1)).then(a.2.cmp(&b.2))
            };
            open.sort_unstable_by(order);
            used.insert(context.belief.component(anchor));
            // Rows of one component have one answer.
            let new = open.into_iter().map(|(_, _, row)| row).filter(|&row| used.insert(context.belief.component(row)));
            let candidates: Vec<TrainingRow> = new.take(self.candidates.get().min(left)).collect();
            if !candidates.is_empty() {
                left -= candidates.len();
                questions.push((anchor, candidates));
            }
        }
        questions
    }
}

/// The classes, that asked about least first, of equal ones that with the smallest row first.
fn classes(context: &QueryContext<'_>) -> Vec<Class> {
    let belief = context.belief;
    let several = belief.least_asked().len();
    // Of rows alone, that of a class was compared with many others, and comes before those that it refused.
    let mut founders: HashSet<u32> = HashSet::new();
    let is_class = |founders: &HashSet<u32>, label| belief.members(label).len() > 1 || founders.contains(&label);
    for label in belief.singletons().take(ALONE) {
        let all = several + founders.len();
        if belief.count_cannot_links(label) < all {
            break;
        }
        if belief.cannot_links(label).filter(|&other| is_class(&founders, other)).count() == all {
            founders.insert(label);
        }
    }
    let mut found: Vec<u32> = belief.least_asked().take(CLASSES).chain(founders.iter().copied()).collect();
    found.sort_unstable_by_key(|&label| (belief.asked_about(label), belief.first(label)));
    found.truncate(CLASSES);
    let class = |label| {
        let rows = belief.members(label);
        let picked: Vec<TrainingRow> = rows.iter().copied().step_by(rows.len().div_ceil(MEMBERS).max(1)).collect();
        let new = founders.contains(&label) && belief.cannot_links(label).all(|other| is_class(&founders, other));
        Class { new, members: most_central_first(context, picked) }
    };
    found.into_iter().map(class).collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{World, check, unresolved};
    use super::*;

    #[test]
    fn keeps_the_rules() {
        check(&representatives(1));
        check(&representatives(10));
    }

    /// Four classes, one labelled row of each, all known to differ.
    fn labelled(noise: f32) -> World {
        let mut world = World::blobs(4, 20, 6, noise, 6);
        (1..4).for_each(|row| (0..row).for_each(|other| world.answer(other, row)));
        world
    }

    #[test]
    fn asks_about_the_class_that_was_asked_about_least() {
        let mut world = labelled(0.2);
        let anchors = |world: &World, pairs| {
            let found = representatives(5).propose(&world.context(1), pairs);
            found.iter().map(|p| (p.anchor.0, p.candidates.len())).collect::<Vec<_>>()
        };
        assert_eq!(anchors(&world, 12), [(0, 5), (1, 5), (2, 2)]);
        for (a, b) in [(0, 4), (0, 5), (1, 5)] {
            world.answer(a, b);
        }
        assert_eq!(anchors(&world, 20).iter().map(|of| of.0 % 4).collect::<Vec<_>>(), [2, 3, 0, 1]);
    }

    #[test]
    fn a_row_that_was_refused_by_some_classes_is_a_candidate_of_others_and_no_class() {
        let mut world = labelled(0.2);
        for other in [0, 1, 2] {
            world.answer(other, 43);
        }
        let found = representatives(50).propose(&world.context(1), 400);
        assert!(found.iter().all(|query| query.anchor < TrainingRow(4)), "{found:?}");
        let with: Vec<_> =
            found.iter().filter(|p| p.candidates.contains(&TrainingRow(43))).map(|p| p.anchor.0).collect();
        assert_eq!(with, [3]);
    }

    #[test]
    fn candidates_are_those_predicted_to_belong() {
        let mut world = labelled(0.2);
        (0..4).for_each(|class| world.answer(class, class + 4));
        for query in representatives(10).propose(&world.context(1), 40) {
            let of_class = |row: &&TrainingRow| world.classes[row.index()] == query.anchor.0 % 4;
            assert!(query.candidates.iter().filter(of_class).count() >= 9, "{query:?}");
        }
    }

    #[test]
    fn finds_the_classes_from_nothing() {
        let mut world = World::blobs(4, 20, 6, 0.2, 6);
        let asked = world.play(&representatives(5), 10, 10_000);
        assert_eq!(unresolved(&world), 0.0);
        assert!(asked < 400, "{asked}");
    }
}
