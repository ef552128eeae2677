//! Conflict resolution: which pairs stand, by the votes on a pair and on the chains that contradict it.

use std::collections::BTreeSet;

use relata_data::index::TrainingRow;

use super::belief::Belief;
use super::constraint_graph::ConstraintLink;
use super::must_link_cannot_link::Relation;
use super::policy::AnswerPolicy;

impl Belief {
    /// Counts the votes on a pair again after one came or went, and settles what depends on them; `wins` if the pair is
    /// to stand whatever contradicts it.
    pub(super) fn recount(&mut self, at: u32, wins: bool) {
        let pair = &mut self.pairs[at as usize];
        let (related, weight) = (pair.related, pair.weight);
        pair.count(self.settings.policy);
        let mut open = BTreeSet::from([at]);
        if pair.is_active {
            if pair.votes.is_empty() || pair.related != related {
                self.deactivate(at, related, &mut open);
            } else if pair.weight < weight {
                open.extend(pair.blocks.drain(..));
            }
        }
        self.resolve(open, wins.then_some(at));
    }

    /// Lets pairs stand or sets them aside. It comes to an end: a pair that stands because of its weight drives out
    /// lighter ones only, so the standing weights, in descending order, grow.
    fn resolve(&mut self, mut open: BTreeSet<u32>, winner: Option<u32>) {
        while let Some(at) = open.pop_first() {
            let pair = &self.pairs[at as usize];
            if pair.is_active || pair.votes.is_empty() {
                continue;
            }
            let floor = match self.settings.policy {
                AnswerPolicy::LatestWins => 0.0,
                AnswerPolicy::WeightedVote | AnswerPolicy::ReAsk => pair.weight,
            };
            if winner != Some(at)
                && let Some(chain) = self.opposing_chain(at, floor)
            {
                for link in chain {
                    self.pairs[link as usize].blocks.push(at);
                }
                continue;
            }
            while let Some(weakest) = self.opposing_chain(at, 0.0).and_then(|chain| self.weakest(&chain)) {
                self.deactivate(weakest, self.pairs[weakest as usize].related, &mut open);
                open.insert(weakest);
            }
            self.activate(at);
        }
    }

    /// A shortest chain of links of at least a weight that implies the opposite of what a pair says.
    fn opposing_chain(&self, at: u32, floor: f32) -> Option<Vec<u32>> {
        let pair = &self.pairs[at as usize];
        if self.relation(pair.a, pair.b)? == Relation::of(pair.related) {
            return None;
        }
        self.links.chain(&self.closure, pair.a, pair.b, |link| self.pairs[link as usize].weight >= floor)
    }

    /// Makes a pair that nothing contradicts a link of the graph.
    fn activate(&mut self, at: u32) {
        let pair = &mut self.pairs[at as usize];
        pair.is_active = true;
        let (a, b, related) = (pair.a, pair.b, pair.related);
        for (row, other) in [(a, b), (b, a)] {
            self.closure.add_row(row);
            self.links.insert(self.closure.node(row), related, ConstraintLink { row: other, pair: at });
        }
        if related {
            self.closure.add_must_link(a, b);
        } else {
            self.closure.add_cannot_link(a, b);
        }
    }

    /// Removes the link of a pair that stood for `related`, and opens the pairs that had lost against it.
    fn deactivate(&mut self, at: u32, related: bool, open: &mut BTreeSet<u32>) {
        let pair = &mut self.pairs[at as usize];
        pair.is_active = false;
        open.extend(pair.blocks.drain(..));
        let (a, b) = (pair.a, pair.b);
        for row in [a, b] {
            self.links.remove(self.closure.node(row), related, at);
        }
        if !related {
            self.closure.remove_cannot_link(a, b);
        } else {
            self.closure.remove_must_link(a);
            if let Some(side) = self.links.cut_off(&self.closure, a, b) {
                let nodes: Vec<usize> = side.iter().map(|&row| self.closure.node(row)).collect();
                let unrelated: Vec<TrainingRow> =
                    nodes.iter().flat_map(|&node| self.links.cannot_links(node)).map(|link| link.row).collect();
                let ends: usize = nodes.iter().map(|&node| self.links.must_links(node).len()).sum();
                self.closure.split(&side, &unrelated, ends as u32 / 2);
            }
        }
        for row in [a, b] {
            let node = self.closure.node(row);
            if self.links.must_links(node).is_empty() && self.links.cannot_links(node).is_empty() {
                self.closure.remove_row(row);
            }
        }
    }
}
