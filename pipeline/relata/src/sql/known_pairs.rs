//! Known pairs, counted constraint by constraint from the sizes of components and never pair by pair.

use std::collections::BTreeSet;

use relata_active::inference::{Belief, Constraint, ConstraintEffect};

/// A belief with the number of pairs that it knows to be related and to be unrelated.
pub(super) struct KnownPairs {
    belief: Belief,
    known: (u64, u64),
}

/// How many more pairs are known to be related and to be unrelated.
pub(super) type Change = (i64, i64);

impl KnownPairs {
    /// What a belief knows.
    pub fn new(belief: Belief) -> Self {
        let known = belief.implied_pairs();
        Self { belief, known }
    }

    /// Takes in what is known before anything is counted.
    pub fn begin(&mut self, statements: &[Constraint]) {
        for statement in statements {
            self.belief.add(*statement);
        }
        self.known = self.belief.implied_pairs();
    }

    /// Takes a statement in. What is new joins or separates two components, which is counted by their sizes; only a
    /// contradiction, which may change much, is counted anew.
    pub fn add(&mut self, statement: Constraint) -> (ConstraintEffect, Change) {
        let more = self.more(&statement);
        let outcome = self.belief.add(statement);
        let change = match outcome {
            ConstraintEffect::New => {
                self.known = (self.known.0 + more.0, self.known.1 + more.1);
                (more.0.cast_signed(), more.1.cast_signed())
            }
            ConstraintEffect::Known => (0, 0),
            ConstraintEffect::Contradiction => self.recount(),
        };
        (outcome, change)
    }

    /// Takes a statement back.
    pub fn withdraw(&mut self, number: u64) -> Change {
        if self.belief.withdraw(number) { self.recount() } else { (0, 0) }
    }

    /// What follows from a statement about a pair of which nothing is known.
    fn more(&self, statement: &Constraint) -> (u64, u64) {
        let belief = &self.belief;
        if belief.relation(statement.a, statement.b).is_some() {
            return (0, 0);
        }
        let [a, b] = [statement.a, statement.b].map(|row| belief.component(row));
        let size = |label| belief.members(label).len() as u64;
        if !statement.related {
            return (0, size(a) * size(b));
        }
        // What is apart from one of the two is then apart from the other, too.
        let [beside_a, beside_b] = [a, b].map(|label| belief.cannot_links(label).collect::<BTreeSet<u32>>());
        let rows = |only: &BTreeSet<u32>, other: &BTreeSet<u32>| only.difference(other).map(|&label| size(label)).sum();
        let (only_a, only_b): (u64, u64) = (rows(&beside_a, &beside_b), rows(&beside_b, &beside_a));
        (size(a) * size(b), only_a * size(b) + only_b * size(a))
    }

    fn recount(&mut self) -> Change {
        let before = std::mem::replace(&mut self.known, self.belief.implied_pairs());
        let change = |now: u64, before: u64| now.cast_signed() - before.cast_signed();
        (change(self.known.0, before.0), change(self.known.1, before.1))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use relata_active::inference::{AnswerPolicy, BeliefSettings};
    use relata_data::index::TrainingRow;

    use super::*;

    proptest! {
        /// Against counting anew after every statement.
        #[test]
        fn changes_add_up_to_what_is_known(
            policy in prop::sample::select(vec![
                AnswerPolicy::LatestWins, AnswerPolicy::WeightedVote, AnswerPolicy::ReAsk,
            ]),
            steps in prop::collection::vec((0u32..9, 0u32..9, any::<bool>(), 1u8..4, 0u64..12), 1..60),
        ) {
            let mut known = KnownPairs::new(Belief::new(9, BeliefSettings { policy, bridges_from: 2 }));
            let mut sum = (0, 0);
            for (number, (a, b, related, weight, back)) in (1..).zip(steps) {
                let change = match back {
                    0 => known.withdraw(number / 2),
                    _ => known.add(Constraint { number, a: TrainingRow(a), b: TrainingRow(b), related, weight: f32::from(weight) / 4.0 }).1,
                };
                sum = (sum.0 + change.0, sum.1 + change.1);
                let (positives, negatives) = known.belief.implied_pairs();
                prop_assert_eq!(sum, (positives.cast_signed(), negatives.cast_signed()));
            }
        }
    }
}
