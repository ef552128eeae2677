//! A pair of rows that was asked about, and the votes on it.

use std::cmp::Ordering;

use super::{AnswerPolicy, Statement};

/// All statements about two rows.
#[derive(Debug, Clone)]
pub(super) struct Pair {
    /// The smaller row.
    pub a: u32,
    /// The larger row.
    pub b: u32,
    /// The statements, in order of their numbers.
    pub voices: Vec<Statement>,
    /// What they say together.
    pub related: bool,
    /// How strongly.
    pub weight: f32,
    /// Whether it is a link of the graph that beliefs follow from.
    pub stands: bool,
    /// Pairs that were set aside because of a chain with this link, to be tried again when it weakens.
    pub blocks: Vec<u32>,
}

impl Pair {
    /// A pair that nobody has said anything about.
    pub fn new(a: u32, b: u32) -> Self {
        Self { a, b, voices: vec![], related: false, weight: 0.0, stands: false, blocks: vec![] }
    }

    /// Adds a statement with a new number.
    pub fn add(&mut self, statement: Statement) {
        let at = self.voices.partition_point(|voice| voice.number < statement.number);
        self.voices.insert(at, statement);
    }

    /// Counts the votes again. Votes that balance leave what the first one said, without weight.
    pub fn count(&mut self, policy: AnswerPolicy) {
        let Some(first) = self.voices.first() else { return };
        if policy == AnswerPolicy::LatestWins {
            self.related = self.voices.last().is_some_and(|voice| voice.related);
            let latest = self.voices.iter().rev().take_while(|voice| voice.related == self.related);
            self.weight = latest.map(|voice| voice.weight).sum();
            return;
        }
        let signed = |voice: &Statement| if voice.related { f64::from(voice.weight) } else { -f64::from(voice.weight) };
        let sum: f64 = self.voices.iter().map(signed).sum();
        self.related = if sum == 0.0 { first.related } else { sum > 0.0 };
        self.weight = sum.abs() as f32;
    }

    /// The strongest statement for what the pair says, the oldest of equals; none if there are no statements.
    pub fn voice(&self) -> Option<&Statement> {
        let agreeing = self.voices.iter().filter(|voice| voice.related == self.related);
        agreeing.reduce(|best, voice| if voice.weight > best.weight { voice } else { best })
    }

    /// Whether it rests on no more than one statement, net of those that say the opposite.
    pub fn is_lone(&self) -> bool {
        let agreeing = self.voices.iter().filter(|voice| voice.related == self.related).count();
        2 * agreeing <= self.voices.len() + 1
    }

    /// Whether it has a say and yet is contradicted by what stands.
    pub fn is_aside(&self) -> bool {
        !self.stands && !self.voices.is_empty() && self.weight > 0.0
    }

    /// Orders links by weakness: lighter first, then older.
    pub fn by_weakness(&self, other: &Self) -> Ordering {
        let age = |pair: &Self| pair.voices.first().map(|voice| voice.number);
        self.weight.total_cmp(&other.weight).then(age(self).cmp(&age(other)))
    }
}
