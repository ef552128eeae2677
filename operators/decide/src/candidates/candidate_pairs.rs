//! Candidate pairs: what the rules found, each pair once, with the rules that found it.

use relata_data::index::Row;

/// A pair, and the rules that found it, as bits by their number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Found {
    a: u32,
    b: u32,
    rules: u32,
}

/// How many pairs a rule found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleCount {
    /// The rule.
    pub rule: String,
    /// Its pairs.
    pub pairs: u64,
    /// Those that no other rule found.
    pub alone: u64,
}

/// A value that too many rows share, so that their pairs are no candidates by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CutBlock {
    /// The rule.
    pub rule: String,
    /// The value.
    pub value: String,
    /// Rows that have it.
    pub rows: u64,
}

/// The pairs of rows that rules found, by their smaller and then their larger row, each once. Takes 12 bytes a pair.
#[derive(Debug, Clone, Default)]
pub struct CandidatePairs {
    rules: Vec<String>,
    found: Vec<Found>,
    cut: Vec<CutBlock>,
}

impl CandidatePairs {
    pub(super) fn new(rules: Vec<String>) -> Self {
        Self { rules, found: vec![], cut: vec![] }
    }

    /// Adds a pair of two different rows, in any order.
    pub(super) fn add(&mut self, rule: u32, a: Row, b: Row) {
        // More than 32 rules share the last bit, which only blurs which of them found a pair.
        self.found.push(Found { a: a.0.min(b.0), b: a.0.max(b.0), rules: 1 << rule.min(31) });
    }

    pub(super) fn cut(&mut self, rule: u32, value: String, rows: u64) {
        self.cut.push(CutBlock { rule: self.rules[rule as usize].clone(), value, rows });
    }

    /// Brings the pairs in order, each once.
    pub(super) fn sort(&mut self) {
        self.found.sort_unstable();
        self.found.dedup_by(|next, kept| {
            let same = (next.a, next.b) == (kept.a, kept.b);
            if same {
                kept.rules |= next.rules;
            }
            same
        });
    }

    /// How many pairs there are.
    pub fn len(&self) -> usize {
        self.found.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The pairs, the smaller row first.
    pub fn pairs(&self) -> impl ExactSizeIterator<Item = (Row, Row)> {
        self.found.iter().map(|found| (Row(found.a), Row(found.b)))
    }

    /// The names of the rules that found the pair of this number.
    pub fn rules_of(&self, pair: usize) -> impl Iterator<Item = &str> {
        let bits = self.found[pair].rules;
        self.rules
            .iter()
            .enumerate()
            .filter(move |(number, _)| bits >> number.min(&31) & 1 == 1)
            .map(|(_, rule)| rule.as_str())
    }

    /// The rules that found the pair of this number, as bits: that of a rule is `1 << number`, and all from the 32nd on share
    /// the last one.
    pub fn bits(&self, pair: usize) -> u32 {
        self.found[pair].rules
    }

    /// How many pairs each rule found, and how many it alone.
    pub fn counts(&self) -> Vec<RuleCount> {
        let count = |number: usize, rule: &String| {
            let bit = 1 << number.min(31);
            let with =
                |holds: fn(u32, u32) -> bool| self.found.iter().filter(|found| holds(found.rules, bit)).count() as u64;
            RuleCount {
                rule: rule.clone(),
                pairs: with(|rules, bit| rules & bit != 0),
                alone: with(|rules, bit| rules == bit),
            }
        };
        self.rules.iter().enumerate().map(|(number, rule)| count(number, rule)).collect()
    }

    /// The values that were left out, the most frequent first.
    pub fn cut_blocks(&self) -> Vec<CutBlock> {
        let mut cut = self.cut.clone();
        cut.sort_by(|a, b| b.rows.cmp(&a.rows).then_with(|| a.value.cmp(&b.value)));
        cut
    }
}
