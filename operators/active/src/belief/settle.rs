//! Which pairs stand: the votes of a pair against the chains that contradict it.

use std::collections::BTreeSet;

use super::links::Link;
use super::{AnswerPolicy, Belief, Relation};

impl Belief {
    /// Counts the votes on a pair again after one came or went, and settles what depends on them; `wins` if the pair is
    /// to stand whatever contradicts it.
    pub(super) fn recount(&mut self, at: u32, wins: bool) {
        let pair = &mut self.pairs[at as usize];
        let (related, weight) = (pair.related, pair.weight);
        pair.count(self.settings.policy);
        let mut open = BTreeSet::from([at]);
        if pair.stands {
            if pair.voices.is_empty() || pair.related != related {
                self.stand_down(at, related, &mut open);
            } else if pair.weight < weight {
                open.extend(pair.blocks.drain(..));
            }
        }
        self.settle(open, wins.then_some(at));
    }

    /// Lets pairs stand or sets them aside. It comes to an end: a pair that stands because of its weight drives out
    /// lighter ones only, so the standing weights, in descending order, grow.
    fn settle(&mut self, mut open: BTreeSet<u32>, winner: Option<u32>) {
        while let Some(at) = open.pop_first() {
            let pair = &self.pairs[at as usize];
            if pair.stands || pair.voices.is_empty() {
                continue;
            }
            let floor = match self.settings.policy {
                AnswerPolicy::LatestWins => 0.0,
                AnswerPolicy::WeightedVote | AnswerPolicy::ReAsk => pair.weight,
            };
            if winner != Some(at)
                && let Some(chain) = self.against(at, floor)
            {
                for link in chain {
                    self.pairs[link as usize].blocks.push(at);
                }
                continue;
            }
            while let Some(weakest) = self.against(at, 0.0).and_then(|chain| self.weakest(&chain)) {
                self.stand_down(weakest, self.pairs[weakest as usize].related, &mut open);
                open.insert(weakest);
            }
            self.stand(at);
        }
    }

    /// A shortest chain of links of at least a weight that implies the opposite of what a pair says.
    fn against(&self, at: u32, floor: f32) -> Option<Vec<u32>> {
        let pair = &self.pairs[at as usize];
        if self.relation(pair.a, pair.b)? == Relation::of(pair.related) {
            return None;
        }
        self.links.chain(&self.components, pair.a, pair.b, |link| self.pairs[link as usize].weight >= floor)
    }

    /// Makes a pair that nothing contradicts a link of the graph.
    fn stand(&mut self, at: u32) {
        let pair = &mut self.pairs[at as usize];
        pair.stands = true;
        let (a, b, related) = (pair.a, pair.b, pair.related);
        for (row, other) in [(a, b), (b, a)] {
            self.components.open(row);
            self.links.insert(self.components.seat(row), related, Link { row: other, pair: at });
        }
        if related {
            self.components.join(a, b);
        } else {
            self.components.part(a, b);
        }
    }

    /// Removes the link of a pair that stood for `related`, and opens the pairs that had lost against it.
    fn stand_down(&mut self, at: u32, related: bool, open: &mut BTreeSet<u32>) {
        let pair = &mut self.pairs[at as usize];
        pair.stands = false;
        open.extend(pair.blocks.drain(..));
        let (a, b) = (pair.a, pair.b);
        for row in [a, b] {
            self.links.remove(self.components.seat(row), related, at);
        }
        if !related {
            self.components.unpart(a, b);
        } else {
            self.components.loosen(a);
            if let Some(side) = self.links.cut_off(&self.components, a, b) {
                let seats: Vec<usize> = side.iter().map(|&row| self.components.seat(row)).collect();
                let unrelated: Vec<u32> =
                    seats.iter().flat_map(|&seat| self.links.no(seat)).map(|link| link.row).collect();
                let ends: usize = seats.iter().map(|&seat| self.links.yes(seat).len()).sum();
                self.components.split(&side, &unrelated, ends as u32 / 2);
            }
        }
        for row in [a, b] {
            let seat = self.components.seat(row);
            if self.links.yes(seat).is_empty() && self.links.no(seat).is_empty() {
                self.components.close(row);
            }
        }
    }
}
