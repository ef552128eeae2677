//! Constrained pair: all constraints on two rows, counted as votes.

use std::cmp::Ordering;

use relata_data::index::TrainingRow;

use super::must_link_cannot_link::Constraint;
use super::policy::AnswerPolicy;

/// All constraints about two rows.
#[derive(Debug, Clone)]
pub(super) struct ConstrainedPair {
    /// The smaller row.
    pub a: TrainingRow,
    /// The larger row.
    pub b: TrainingRow,
    /// The constraints, in order of their numbers.
    pub votes: Vec<Constraint>,
    /// What they say together.
    pub related: bool,
    /// How strongly.
    pub weight: f32,
    /// Whether it is a link of the graph that beliefs follow from.
    pub is_active: bool,
    /// Pairs that were set aside because of a chain with this link, to be tried again when it weakens.
    pub blocks: Vec<u32>,
}

impl ConstrainedPair {
    /// A pair that nobody has said anything about.
    pub fn new(a: TrainingRow, b: TrainingRow) -> Self {
        Self { a, b, votes: vec![], related: false, weight: 0.0, is_active: false, blocks: vec![] }
    }

    /// Adds a constraint with a new number.
    pub fn add(&mut self, constraint: Constraint) {
        let at = self.votes.partition_point(|vote| vote.number < constraint.number);
        self.votes.insert(at, constraint);
    }

    /// Counts the votes again. Votes that balance leave what the first one said, without weight.
    pub fn count(&mut self, policy: AnswerPolicy) {
        let Some(first) = self.votes.first() else { return };
        if policy == AnswerPolicy::LatestWins {
            self.related = self.votes.last().is_some_and(|vote| vote.related);
            let latest = self.votes.iter().rev().take_while(|vote| vote.related == self.related);
            self.weight = latest.map(|vote| vote.weight).sum();
            return;
        }
        let signed = |vote: &Constraint| if vote.related { f64::from(vote.weight) } else { -f64::from(vote.weight) };
        let sum: f64 = self.votes.iter().map(signed).sum();
        self.related = if sum == 0.0 { first.related } else { sum > 0.0 };
        self.weight = sum.abs() as f32;
    }

    /// The strongest constraint for what the pair says, the oldest of equals; none if there are no constraints.
    pub fn strongest(&self) -> Option<&Constraint> {
        let agreeing = self.votes.iter().filter(|vote| vote.related == self.related);
        agreeing.reduce(|best, vote| if vote.weight > best.weight { vote } else { best })
    }

    /// Whether it rests on no more than one constraint, net of those that say the opposite.
    pub fn is_lone(&self) -> bool {
        let agreeing = self.votes.iter().filter(|vote| vote.related == self.related).count();
        2 * agreeing <= self.votes.len() + 1
    }

    /// Whether it has a say and yet is contradicted by what stands.
    pub fn is_overruled(&self) -> bool {
        !self.is_active && !self.votes.is_empty() && self.weight > 0.0
    }

    /// Orders links by weakness: lighter first, then older.
    pub fn by_weakness(&self, other: &Self) -> Ordering {
        let age = |pair: &Self| pair.votes.first().map(|vote| vote.number);
        self.weight.total_cmp(&other.weight).then(age(self).cmp(&age(other)))
    }
}
