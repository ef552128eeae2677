//! What follows from the answers so far: rows in components joined by "yes", components kept apart by "no", and what
//! to do about answers that contradict each other.

mod bridges;
mod components;
mod links;
mod pair;
mod ranking;
mod settle;
mod statement;
#[cfg(test)]
mod twin;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use bridges::bridges;
use components::Components;
use links::Links;
use pair::Pair;

pub use statement::{
    AnswerPolicy, BeliefSettings, Contradiction, Doubt, DoubtKind, Outcome, Relation, Statement, weight_of,
};

/// What follows from statements about pairs of `rows` rows. The pairs that stand never contradict each other; a pair
/// that is set aside is contradicted by a chain of pairs that stand, and returns as soon as none is strong enough any
/// more. The same statements in the same order give the same belief.
///
/// A new statement costs about the logarithm of their number, amortised; one that contradicts the others costs a search
/// of the components concerned, and one that separates a component a search of the smaller side. Rows of no statement
/// cost 8 bytes.
#[derive(Debug, Clone)]
pub struct Belief {
    settings: BeliefSettings,
    components: Components,
    links: Links,
    pairs: Vec<Pair>,
    /// Position in `pairs`, by smaller and larger row.
    index: HashMap<(u32, u32), u32>,
    /// Position in `pairs`, by statement.
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
            components: Components::new(rows),
            links: Links::default(),
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
        self.components.rows()
    }

    /// What follows about two rows: rows of one component are related; rows of two components that a "no" lies between
    /// are not.
    pub fn relation(&self, a: u32, b: u32) -> Option<Relation> {
        self.components.relation(a, b)
    }

    /// The label of a row's component, valid until the belief changes.
    pub fn component(&self, row: u32) -> u32 {
        self.components.label(row)
    }

    /// The rows of a component.
    pub fn members(&self, component: u32) -> &[u32] {
        self.components.members(component)
    }

    /// The components that are known to be different from a component, in order of their labels.
    pub fn apart(&self, component: u32) -> impl Iterator<Item = u32> {
        self.components.apart(component)
    }

    /// The components of the rows that are known, in order of their labels.
    pub fn known(&self) -> impl Iterator<Item = u32> {
        self.components.known()
    }

    /// Whether a row is in a statement that stands.
    pub fn is_known(&self, row: u32) -> bool {
        self.components.is_known(row)
    }

    /// Takes a statement in. One without weight, about a row and itself or with the number of another changes nothing.
    ///
    /// # Panics
    /// If a row is not below [`rows`](Self::rows).
    pub fn add(&mut self, statement: Statement) -> Outcome {
        let Statement { number, a, b, related, weight } = statement;
        let outcome = match self.relation(a, b) {
            None => Outcome::New,
            Some(relation) if relation == Relation::of(related) => Outcome::Known,
            Some(_) => Outcome::Contradiction,
        };
        if a == b || !(weight > 0.0 && weight.is_finite()) || self.numbers.contains_key(&number) {
            return outcome;
        }
        let chain = match outcome {
            Outcome::Contradiction => self.links.chain(&self.components, a, b, |_| true).unwrap_or_default(),
            _ => vec![],
        };
        let weakest = self.weakest(&chain).map(|link| (link, self.pairs[link as usize].weight));
        let numbers = self.voices(&chain);

        let ends = (a.min(b), a.max(b));
        let at = *self.index.entry(ends).or_insert(self.pairs.len() as u32);
        if at as usize == self.pairs.len() {
            self.pairs.push(Pair::new(ends.0, ends.1));
        }
        self.numbers.insert(number, at);
        self.pairs[at as usize].add(statement);
        let asked_again = self.disputes.remove(&at).is_some();
        self.recount(at, self.settings.policy == AnswerPolicy::LatestWins);

        if let Some((weakest, chain_weight)) = weakest {
            let pair = &self.pairs[at as usize];
            let weight = if pair.stands { pair.weight } else { chain_weight };
            let kept = self.relation(a, b);
            self.contradictions.push(Contradiction { number, a, b, said: related, chain: numbers, kept, weight });
            // The answer to a doubt raises no new one, so that people who disagree are not asked for ever.
            if self.settings.policy == AnswerPolicy::ReAsk && !asked_again {
                self.disputes.insert(at, weakest);
                self.disputes.insert(weakest, at);
            }
        }
        outcome
    }

    /// Takes a statement back; says whether there was one of this number.
    pub fn withdraw(&mut self, number: u64) -> bool {
        let Some(at) = self.numbers.remove(&number) else { return false };
        self.contradictions.retain(|contradiction| contradiction.number != number);
        let pair = &mut self.pairs[at as usize];
        pair.voices.retain(|voice| voice.number != number);
        if pair.voices.is_empty() {
            self.disputes.remove(&at);
        }
        self.recount(at, false);
        true
    }

    /// The numbers of the statements that imply the relation of two rows: a shortest chain from `a` to `b`, each of its
    /// pairs by its strongest statement. Empty if nothing is known about them.
    pub fn chain(&self, a: u32, b: u32) -> Vec<u64> {
        self.voices(&self.links.chain(&self.components, a, b, |_| true).unwrap_or_default())
    }

    /// Statements that should be asked about once more, the worst first: bridges by the rows on their smaller side
    /// (under every policy, as long as no second statement agrees), then both sides of the contradictions that
    /// [`AnswerPolicy::ReAsk`] has not asked about again.
    pub fn doubts(&self) -> Vec<Doubt> {
        let big = self.settings.big;
        // Both sides of a bridge are big, so that only the largest components have one.
        let wide = self.largest().take_while(|&label| self.members(label).len() as u64 >= 2 * u64::from(big.max(1)));
        let all = wide
            .flat_map(|label| self.components.bridges(label, || bridges(&self.components, &self.links, label, big)));
        let mut worst: Vec<_> = all.filter(|bridge| self.pairs[bridge.pair as usize].is_lone()).collect();
        worst.sort_unstable_by_key(|bridge| (Reverse(bridge.side), bridge.pair));
        let listed: BTreeSet<u32> = worst.iter().map(|bridge| bridge.pair).collect();
        let open = |&(&at, &other): &(&u32, &u32)| {
            let unsettled = at == other || [at, other].iter().any(|&at| self.pairs[at as usize].is_aside());
            unsettled && !listed.contains(&at)
        };
        let mut weak: Vec<u32> = self.disputes.iter().filter(open).map(|(&at, _)| at).collect();
        weak.sort_by(|&x, &y| self.pairs[x as usize].by_weakness(&self.pairs[y as usize]));
        let bridges = worst.iter().map(|bridge| (bridge.pair, DoubtKind::Bridge));
        let all = bridges.chain(weak.into_iter().map(|at| (at, DoubtKind::WeakestLink)));
        let doubt = |(at, kind): (u32, DoubtKind)| {
            let pair = &self.pairs[at as usize];
            pair.voice().map(|voice| Doubt { number: voice.number, a: pair.a, b: pair.b, kind })
        };
        all.filter_map(doubt).collect()
    }

    /// Rows that are joined to a row by a standing "yes" of their own, in the order in which it came.
    pub fn joined_to(&self, row: u32) -> impl Iterator<Item = u32> {
        let links = if self.is_known(row) { self.links.yes(self.components.seat(row)) } else { &[] };
        links.iter().map(|link| link.row)
    }

    /// What follows without the bridges that are still doubted.
    pub fn without_doubts(&self) -> Self {
        let bridges = self.doubts().into_iter().filter(|doubt| doubt.kind == DoubtKind::Bridge);
        let doubted: BTreeSet<(u32, u32)> = bridges.map(|doubt| (doubt.a.min(doubt.b), doubt.a.max(doubt.b))).collect();
        let mut sure = Self::new(self.rows(), self.settings);
        for statement in self.standing() {
            if !doubted.contains(&(statement.a.min(statement.b), statement.a.max(statement.b))) {
                sure.add(*statement);
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
        self.known().fold((0, 0), |(positives, negatives), label| {
            let others: u64 = self.apart(label).filter(|&other| other > label).map(size).sum();
            let rows = size(label);
            (positives + rows * (rows - 1) / 2, negatives + rows * others)
        })
    }

    /// The statements in force, in order of their numbers.
    pub fn standing(&self) -> impl Iterator<Item = &Statement> {
        self.numbers.iter().filter_map(|(&number, &at)| {
            let pair = &self.pairs[at as usize];
            pair.voices.iter().find(|voice| pair.stands && voice.number == number && voice.related == pair.related)
        })
    }

    fn voices(&self, chain: &[u32]) -> Vec<u64> {
        chain.iter().filter_map(|&at| self.pairs[at as usize].voice()).map(|voice| voice.number).collect()
    }

    fn weakest(&self, chain: &[u32]) -> Option<u32> {
        chain.iter().copied().min_by(|&x, &y| self.pairs[x as usize].by_weakness(&self.pairs[y as usize]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn belief(policy: AnswerPolicy, statements: &[(u32, u32, bool, f32)]) -> Belief {
        let mut belief = Belief::new(20, BeliefSettings { policy, big: 3 });
        for (number, &(a, b, related, weight)) in (1..).zip(statements) {
            belief.add(Statement { number, a, b, related, weight });
        }
        belief
    }

    /// 0 - 1 - 2 related, of which 1 - 2 is the weakest link, and then "0 and 2 are not".
    const CHAIN: [(u32, u32, bool, f32); 3] = [(0, 1, true, 0.9), (1, 2, true, 0.6), (0, 2, false, 0.7)];

    #[test]
    fn a_heavier_answer_breaks_the_weakest_link() {
        for policy in [AnswerPolicy::LatestWins, AnswerPolicy::WeightedVote, AnswerPolicy::ReAsk] {
            let belief = belief(policy, &CHAIN);
            assert_eq!(belief.relation(0, 1), Some(Relation::Positive));
            assert_eq!([belief.relation(0, 2), belief.relation(1, 2)], [Some(Relation::Negative); 2]);
            let kept = Some(Relation::Negative);
            let expected = Contradiction { number: 3, a: 0, b: 2, said: false, chain: vec![1, 2], kept, weight: 0.7 };
            assert_eq!(belief.contradictions(), [expected]);
        }
    }

    #[test]
    fn a_lighter_answer_is_set_aside_until_its_votes_add_up() {
        let mut chain = CHAIN;
        chain[2].3 = 0.5;
        let mut voted = belief(AnswerPolicy::WeightedVote, &chain);
        assert_eq!(voted.relation(0, 2), Some(Relation::Positive));
        assert_eq!(voted.contradictions()[0].weight, 0.6);
        voted.add(Statement { number: 4, a: 2, b: 0, related: false, weight: 0.2 });
        assert_eq!([voted.relation(0, 2), voted.relation(1, 2)], [Some(Relation::Negative); 2]);
        assert!(voted.withdraw(4));
        assert_eq!([voted.relation(0, 2), voted.relation(1, 2)], [Some(Relation::Positive); 2]);
        let latest = belief(AnswerPolicy::LatestWins, &chain);
        assert_eq!([latest.relation(0, 2), latest.relation(1, 2)], [Some(Relation::Negative); 2]);
    }

    #[test]
    fn ties_keep_what_is_there_and_the_oldest_link_goes_first() {
        let statements = [(0, 1, true, 0.5), (1, 2, true, 0.5), (0, 2, false, 0.5)];
        assert_eq!(belief(AnswerPolicy::WeightedVote, &statements).relation(0, 2), Some(Relation::Positive));
        let latest = belief(AnswerPolicy::LatestWins, &statements);
        assert_eq!(latest.standing().map(|statement| statement.number).collect::<Vec<_>>(), [2, 3]);
    }

    #[test]
    fn both_sides_of_a_contradiction_are_asked_again_once() {
        let mut belief = belief(AnswerPolicy::ReAsk, &CHAIN);
        let doubts = |belief: &Belief| belief.doubts().iter().map(|d| (d.number, d.kind)).collect::<Vec<_>>();
        assert_eq!(doubts(&belief), [(2, DoubtKind::WeakestLink), (3, DoubtKind::WeakestLink)]);
        belief.add(Statement { number: 4, a: 1, b: 2, related: true, weight: 0.6 });
        assert_eq!(belief.relation(0, 2), Some(Relation::Positive), "1.2 and 0.9 outweigh 0.7");
        assert_eq!(doubts(&belief), [(3, DoubtKind::WeakestLink)]);
        belief.add(Statement { number: 5, a: 0, b: 2, related: false, weight: 0.7 });
        assert_eq!(
            (belief.relation(1, 2), belief.relation(0, 2)),
            (Some(Relation::Positive), Some(Relation::Negative))
        );
        assert_eq!(doubts(&belief), []);
    }

    #[test]
    fn a_settled_contradiction_is_not_asked_again() {
        let mut belief = belief(AnswerPolicy::ReAsk, &CHAIN);
        assert!(belief.withdraw(3));
        assert!(belief.doubts().is_empty() && belief.contradictions().is_empty());
        assert_eq!(belief.relation(0, 2), Some(Relation::Positive));
    }

    #[test]
    fn one_yes_between_big_components_is_doubted_until_something_else_joins_them() {
        let sides = [(0, 1), (1, 2), (2, 0), (10, 11), (11, 12), (12, 10), (2, 10)];
        let mut belief = belief(AnswerPolicy::default(), &sides.map(|(a, b)| (a, b, true, 1.0)));
        assert_eq!(belief.doubts(), [Doubt { number: 7, a: 2, b: 10, kind: DoubtKind::Bridge }]);
        let again = Statement { number: 8, a: 10, b: 2, related: true, weight: 0.5 };
        let other = Statement { number: 9, a: 0, b: 12, related: true, weight: 0.5 };
        for statement in [again, other] {
            assert_eq!(belief.add(statement), Outcome::Known);
            assert_eq!(belief.doubts(), []);
            assert!(belief.withdraw(statement.number));
            assert_eq!(belief.doubts().len(), 1);
        }
        assert!(belief.withdraw(7));
        assert_eq!((belief.relation(0, 12), belief.relation(0, 2)), (None, Some(Relation::Positive)));
    }

    #[test]
    fn without_doubts_a_lone_yes_joins_nothing_and_the_rest_stays() {
        let said = [(0, 1, true, 1.0), (1, 2, true, 1.0), (0, 2, true, 1.0), (3, 4, true, 1.0), (2, 5, false, 1.0)];
        let mut belief = Belief::new(8, BeliefSettings { big: 1, ..Default::default() });
        for (number, (a, b, related, weight)) in (1..).zip(said) {
            belief.add(Statement { number, a, b, related, weight });
        }
        let sure = belief.without_doubts();
        assert_eq!([sure.relation(3, 4), sure.relation(0, 1)], [None, Some(Relation::Positive)]);
        assert_eq!(sure.relation(1, 5), Some(Relation::Negative));
        assert_eq!(belief.joined_to(2).collect::<Vec<_>>(), [1, 0]);
        belief.add(Statement { number: 6, a: 4, b: 3, related: true, weight: 1.0 });
        assert_eq!(belief.without_doubts().relation(3, 4), Some(Relation::Positive), "said twice");
    }

    #[test]
    fn statements_that_say_nothing_change_nothing() {
        let mut belief = belief(AnswerPolicy::default(), &CHAIN[..1]);
        let same = Statement { number: 2, a: 4, b: 4, related: true, weight: 1.0 };
        assert_eq!(belief.add(same), Outcome::Known);
        assert_eq!(belief.add(Statement { b: 5, weight: f32::NAN, ..same }), Outcome::New);
        assert_eq!(belief.add(Statement { b: 5, weight: 0.0, ..same }), Outcome::New);
        assert_eq!(belief.add(Statement { b: 5, number: 1, ..same }), Outcome::New);
        assert!(!belief.is_known(4) && belief.members(belief.component(4)) == [4]);
    }
}
