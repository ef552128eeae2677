//! Belief: what follows from constraints, and which of them are doubted.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use relata_data::index::TrainingRow;

use super::bridges::bridges;
use super::constrained_pair::ConstrainedPair;
use super::constraint_graph::ConstraintGraph;
use super::contradiction::Contradiction;
use super::doubt::{Doubt, DoubtKind};
use super::must_link_cannot_link::{Constraint, ConstraintEffect, Relation};
use super::policy::{AnswerPolicy, BeliefSettings};
use super::transitive_closure::TransitiveClosure;

/// What follows from constraints about pairs of `rows` rows. The pairs that stand never contradict each other. A pair
/// that is set aside is contradicted by a chain of pairs that stand, and returns as soon as no such chain is strong
/// enough any more. The same constraints in the same order give the same belief.
///
/// A new constraint costs about the logarithm of their number, amortised. One that contradicts the others costs a
/// search of the components concerned, and one that splits a component costs a search of the smaller part. A row
/// without a constraint costs 8 bytes.
///
/// ```
/// use relata_active::inference::{Belief, BeliefSettings, Constraint, Relation};
/// use relata_data::index::TrainingRow;
///
/// let [ann, ben, cleo, dan] = [0, 1, 2, 3].map(TrainingRow);
/// let mut belief = Belief::new(4, BeliefSettings::default());
/// belief.add(Constraint { number: 1, a: ann, b: ben, related: true, weight: 1.0 });
/// belief.add(Constraint { number: 2, a: ben, b: cleo, related: false, weight: 1.0 });
/// assert_eq!(belief.relation(ann, cleo), Some(Relation::Negative));
/// assert_eq!(belief.relation(ann, dan), None);
/// ```
#[derive(Debug, Clone)]
pub struct Belief {
    pub(super) settings: BeliefSettings,
    pub(super) closure: TransitiveClosure,
    pub(super) links: ConstraintGraph,
    pub(super) pairs: Vec<ConstrainedPair>,
    /// Position in `pairs`, by smaller and larger row.
    index: HashMap<(TrainingRow, TrainingRow), u32>,
    /// Position in `pairs`, by constraint.
    numbers: BTreeMap<u64, u32>,
    contradictions: Vec<Contradiction>,
    /// Pairs to ask about once more, each with the other side of the contradiction.
    disputes: BTreeMap<u32, u32>,
}

impl Belief {
    /// Nothing is known about `rows` rows yet, at most 2^31 of them.
    pub fn new(rows: usize, settings: BeliefSettings) -> Self {
        Self {
            settings,
            closure: TransitiveClosure::new(rows),
            links: ConstraintGraph::default(),
            pairs: vec![],
            index: HashMap::new(),
            numbers: BTreeMap::new(),
            contradictions: vec![],
            disputes: BTreeMap::new(),
        }
    }

    /// How contradictions are decided.
    pub fn policy(&self) -> AnswerPolicy {
        self.settings.policy
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.closure.rows()
    }

    /// What follows about two rows: rows of one component are related, rows of two components with a cannot-link
    /// between them are not.
    pub fn relation(&self, a: TrainingRow, b: TrainingRow) -> Option<Relation> {
        self.closure.relation(a, b)
    }

    /// The label of a row's component, valid until the belief changes.
    pub fn component(&self, row: TrainingRow) -> u32 {
        self.closure.label(row)
    }

    /// The rows of a component.
    pub fn members(&self, component: u32) -> &[TrainingRow] {
        self.closure.members(component)
    }

    /// The components that a cannot-link separates from a component, in order of their labels.
    pub fn cannot_links(&self, component: u32) -> impl Iterator<Item = u32> {
        self.closure.cannot_links(component)
    }

    /// The components of the rows that are known, in order of their labels.
    pub fn components(&self) -> impl Iterator<Item = u32> {
        self.closure.components()
    }

    /// Whether a row is in a constraint that stands.
    pub fn is_known(&self, row: TrainingRow) -> bool {
        self.closure.is_known(row)
    }

    /// Adds a constraint. One without weight, about a row and itself, or with the number of another changes nothing.
    ///
    /// # Panics
    /// If a row is not below [`rows`](Self::rows).
    pub fn add(&mut self, constraint: Constraint) -> ConstraintEffect {
        let Constraint { number, a, b, related, weight } = constraint;
        let effect = match self.relation(a, b) {
            None => ConstraintEffect::New,
            Some(relation) if relation == Relation::of(related) => ConstraintEffect::Known,
            Some(_) => ConstraintEffect::Contradiction,
        };
        if a == b || !(weight > 0.0 && weight.is_finite()) || self.numbers.contains_key(&number) {
            return effect;
        }
        let chain = match effect {
            ConstraintEffect::Contradiction => self.links.chain(&self.closure, a, b, |_| true).unwrap_or_default(),
            _ => vec![],
        };
        let weakest = self.weakest(&chain).map(|link| (link, self.pairs[link as usize].weight));
        let numbers = self.strongest_votes(&chain);

        let ends = (a.min(b), a.max(b));
        let at = *self.index.entry(ends).or_insert(self.pairs.len() as u32);
        if at as usize == self.pairs.len() {
            self.pairs.push(ConstrainedPair::new(ends.0, ends.1));
        }
        self.numbers.insert(number, at);
        self.pairs[at as usize].add(constraint);
        let asked_again = self.disputes.remove(&at).is_some();
        self.recount(at, self.settings.policy == AnswerPolicy::LatestWins);

        if let Some((weakest, chain_weight)) = weakest {
            let pair = &self.pairs[at as usize];
            let weight = if pair.is_active { pair.weight } else { chain_weight };
            let kept = self.relation(a, b);
            self.contradictions.push(Contradiction { number, a, b, said: related, chain: numbers, kept, weight });
            // The answer to a doubt raises no new one, so that people who disagree are not asked for ever.
            if self.settings.policy == AnswerPolicy::ReAsk && !asked_again {
                self.disputes.insert(at, weakest);
                self.disputes.insert(weakest, at);
            }
        }
        effect
    }

    /// Takes a constraint back; says whether there was one of this number.
    pub fn withdraw(&mut self, number: u64) -> bool {
        let Some(at) = self.numbers.remove(&number) else { return false };
        self.contradictions.retain(|contradiction| contradiction.number != number);
        let pair = &mut self.pairs[at as usize];
        pair.votes.retain(|vote| vote.number != number);
        if pair.votes.is_empty() {
            self.disputes.remove(&at);
        }
        self.recount(at, false);
        true
    }

    /// The numbers of the constraints that imply the relation of two rows: a shortest chain from `a` to `b`, each of
    /// its pairs by its strongest constraint. Empty if nothing is known about them.
    pub fn chain(&self, a: TrainingRow, b: TrainingRow) -> Vec<u64> {
        self.strongest_votes(&self.links.chain(&self.closure, a, b, |_| true).unwrap_or_default())
    }

    /// Constraints that should be asked about once more, the worst first: bridges by the rows on their smaller side
    /// (under every policy, as long as no second constraint agrees), then both sides of the contradictions that
    /// [`AnswerPolicy::ReAsk`] has not asked about again.
    pub fn doubts(&self) -> Vec<Doubt> {
        let bridges_from = self.settings.bridges_from;
        // Both sides of a bridge are large, so that only the largest components have one.
        let large =
            self.largest().take_while(|&label| self.members(label).len() as u64 >= 2 * u64::from(bridges_from.max(1)));
        let all = large
            .flat_map(|label| self.closure.bridges(label, || bridges(&self.closure, &self.links, label, bridges_from)));
        let mut worst: Vec<_> = all.filter(|bridge| self.pairs[bridge.pair as usize].is_lone()).collect();
        worst.sort_unstable_by_key(|bridge| (Reverse(bridge.side), bridge.pair));
        let listed: BTreeSet<u32> = worst.iter().map(|bridge| bridge.pair).collect();
        let open = |&(&at, &other): &(&u32, &u32)| {
            let unsettled = at == other || [at, other].iter().any(|&at| self.pairs[at as usize].is_overruled());
            unsettled && !listed.contains(&at)
        };
        let mut weak: Vec<u32> = self.disputes.iter().filter(open).map(|(&at, _)| at).collect();
        weak.sort_by(|&x, &y| self.pairs[x as usize].by_weakness(&self.pairs[y as usize]));
        let bridges = worst.iter().map(|bridge| (bridge.pair, DoubtKind::Bridge));
        let all = bridges.chain(weak.into_iter().map(|at| (at, DoubtKind::WeakestLink)));
        let doubt = |(at, kind): (u32, DoubtKind)| {
            let pair = &self.pairs[at as usize];
            pair.strongest().map(|vote| Doubt { number: vote.number, a: pair.a, b: pair.b, kind })
        };
        all.filter_map(doubt).collect()
    }

    /// The other rows of the standing must-links of a row, in the order in which they came.
    pub fn must_links(&self, row: TrainingRow) -> impl Iterator<Item = TrainingRow> {
        let links = if self.is_known(row) { self.links.must_links(self.closure.node(row)) } else { &[] };
        links.iter().map(|link| link.row)
    }

    /// What follows without the bridges that are still doubted.
    pub fn without_doubts(&self) -> Self {
        let bridges = self.doubts().into_iter().filter(|doubt| doubt.kind == DoubtKind::Bridge);
        let doubted: BTreeSet<(TrainingRow, TrainingRow)> =
            bridges.map(|doubt| (doubt.a.min(doubt.b), doubt.a.max(doubt.b))).collect();
        let mut sure = Self::new(self.rows(), self.settings);
        for constraint in self.standing() {
            if !doubted.contains(&(constraint.a.min(constraint.b), constraint.a.max(constraint.b))) {
                sure.add(*constraint);
            }
        }
        sure
    }

    /// The answers that contradicted what followed, in the order in which they came; without those taken back.
    pub fn contradictions(&self) -> &[Contradiction] {
        &self.contradictions
    }

    /// How many pairs of rows are known to be related, and how many to be unrelated.
    pub fn implied_pairs(&self) -> (u64, u64) {
        let size = |label| self.members(label).len() as u64;
        self.components().fold((0, 0), |(positives, negatives), label| {
            let others: u64 = self.cannot_links(label).filter(|&other| other > label).map(size).sum();
            let rows = size(label);
            (positives + rows * (rows - 1) / 2, negatives + rows * others)
        })
    }

    /// The constraints in force, in order of their numbers.
    pub fn standing(&self) -> impl Iterator<Item = &Constraint> {
        self.numbers.iter().filter_map(|(&number, &at)| {
            let pair = &self.pairs[at as usize];
            pair.votes.iter().find(|vote| pair.is_active && vote.number == number && vote.related == pair.related)
        })
    }

    fn strongest_votes(&self, chain: &[u32]) -> Vec<u64> {
        chain.iter().filter_map(|&at| self.pairs[at as usize].strongest()).map(|vote| vote.number).collect()
    }

    pub(super) fn weakest(&self, chain: &[u32]) -> Option<u32> {
        chain.iter().copied().min_by(|&x, &y| self.pairs[x as usize].by_weakness(&self.pairs[y as usize]))
    }
}
