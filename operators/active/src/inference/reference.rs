//! Reference implementation: a naive belief that computes everything anew from the standing constraints.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use proptest::prelude::*;
use relata_data::index::TrainingRow;

use super::{AnswerPolicy, Belief, BeliefSettings, Constraint, ConstraintEffect, DoubtKind, Relation};

const ROWS: u32 = 9;

#[derive(Debug, Clone)]
enum Operation {
    Add { a: u32, b: u32, related: bool, weight: f32 },
    Withdraw(usize),
}

fn step() -> impl Strategy<Value = Operation> {
    let add = (0..ROWS, 1..ROWS, any::<bool>(), 1..5u8);
    let add = add.prop_map(|(a, by, related, quarters)| Operation::Add {
        a,
        b: (a + by) % ROWS,
        related,
        weight: f32::from(quarters) / 4.0,
    });
    prop_oneof![4 => add, 1 => any::<prop::sample::Index>().prop_map(|at| Operation::Withdraw(at.index(1 << 20)))]
}

fn policy() -> impl Strategy<Value = AnswerPolicy> {
    prop_oneof![Just(AnswerPolicy::LatestWins), Just(AnswerPolicy::WeightedVote), Just(AnswerPolicy::ReAsk)]
}

/// Runs the steps, and looks at the belief after each.
fn run(steps: &[Operation], settings: BeliefSettings, mut look: impl FnMut(&Belief, &[u64])) -> Belief {
    let mut belief = Belief::new(ROWS as usize, settings);
    let (mut next, mut there) = (1, Vec::new());
    for step in steps {
        match *step {
            Operation::Add { a, b, related, weight } => {
                belief.add(Constraint { number: next, a: TrainingRow(a), b: TrainingRow(b), related, weight });
                there.push(next);
                next += 1;
            }
            Operation::Withdraw(_) if there.is_empty() => assert!(!belief.withdraw(next)),
            Operation::Withdraw(at) => {
                let number = there.remove(at % there.len());
                assert!(belief.withdraw(number) && !belief.withdraw(number));
            }
        }
        look(&belief, &there);
    }
    belief
}

/// Union-find without any refinement, and the negatives between its components.
struct Reference {
    root: Vec<u32>,
    negatives: BTreeSet<(u32, u32)>,
}

impl Reference {
    fn new(links: &[(u32, u32, bool)]) -> Self {
        let mut root: Vec<u32> = (0..ROWS).collect();
        for &(a, b, _) in links.iter().filter(|link| link.2) {
            let (old, new) = (root[a as usize], root[b as usize]);
            root.iter_mut().filter(|root| **root == old).for_each(|root| *root = new);
        }
        let ends = |&(a, b, _): &(u32, u32, bool)| (root[a as usize], root[b as usize]);
        let negatives = links.iter().filter(|link| !link.2).map(ends).flat_map(|(a, b)| [(a, b), (b, a)]).collect();
        Self { root, negatives }
    }

    fn relation(&self, a: u32, b: u32) -> Option<Relation> {
        let (a, b) = (self.root[a as usize], self.root[b as usize]);
        let negative = self.negatives.contains(&(a, b)).then_some(Relation::Negative);
        if a == b { negative.or(Some(Relation::Positive)) } else { negative }
    }
}

fn relation(belief: &Belief, a: u32, b: u32) -> Option<Relation> {
    belief.relation(TrainingRow(a), TrainingRow(b))
}

fn component(belief: &Belief, row: u32) -> u32 {
    belief.component(TrainingRow(row))
}

fn links(belief: &Belief) -> Vec<(u32, u32, bool)> {
    belief.standing().map(|s| (s.a.0, s.b.0, s.related)).collect()
}

fn same_closure(belief: &Belief) {
    let reference = Reference::new(&links(belief));
    let (mut positives, mut negatives) = (0, 0);
    for a in 0..ROWS {
        assert_eq!(
            reference.relation(a, a),
            Some(Relation::Positive),
            "the standing constraints contradict each other"
        );
        for b in 0..ROWS {
            assert_eq!(relation(belief, a, b), reference.relation(a, b), "{a} {b}");
            positives += u64::from(a < b && reference.relation(a, b) == Some(Relation::Positive));
            negatives += u64::from(a < b && reference.relation(a, b) == Some(Relation::Negative));
        }
        let mut members = belief.members(component(belief, a)).to_vec();
        members.sort_unstable();
        let expected = (0..ROWS).filter(|&b| reference.root[a as usize] == reference.root[b as usize]);
        let expected: Vec<TrainingRow> = expected.map(TrainingRow).collect();
        assert_eq!(members, expected);
        let cannot_links: BTreeSet<u32> = belief.cannot_links(component(belief, a)).collect();
        let expected: BTreeSet<u32> = (0..ROWS)
            .filter(|&b| reference.relation(a, b) == Some(Relation::Negative))
            .map(|b| component(belief, b))
            .collect();
        assert_eq!(cannot_links, expected);
        let row = TrainingRow(a);
        assert_eq!(belief.is_known(row), belief.standing().any(|s| s.a == row || s.b == row));
    }
    assert_eq!(belief.implied_pairs(), (positives, negatives));
    let known: Vec<u32> = belief.components().collect();
    let expected: BTreeSet<u32> =
        (0..ROWS).map(TrainingRow).filter(|&row| belief.is_known(row)).map(|row| belief.component(row)).collect();
    assert_eq!(known.iter().copied().collect::<BTreeSet<_>>(), expected);
    assert_eq!(known.len(), expected.len());
}

/// The orders of components, against sorting all of them.
fn exact_orders(belief: &Belief) {
    let first = |label: u32| belief.members(label).iter().min().copied();
    let size = |label: u32| belief.members(label).len();
    let pairs: BTreeSet<(u32, u32)> = links(belief).into_iter().map(|(a, b, _)| (a.min(b), a.max(b))).collect();
    let of = |label: u32, row: u32| component(belief, row) == label;
    let asked = |label: u32| pairs.iter().filter(|&&(a, b)| of(label, a) || of(label, b)).count() as u32;
    let sorted = |mut labels: Vec<u32>, key: &dyn Fn(u32) -> Reverse<u32>| {
        labels.sort_by_key(|&label| (key(label), first(label)));
        labels
    };
    let known: Vec<u32> = belief.components().collect();
    let (alone, several): (Vec<u32>, Vec<u32>) = known.iter().partition(|&&label| size(label) == 1);
    assert_eq!(belief.largest().collect::<Vec<_>>(), sorted(known.clone(), &|label| Reverse(size(label) as u32)));
    let by_pairs = sorted(several, &|label| Reverse(u32::MAX - asked(label)));
    assert_eq!(belief.least_asked().collect::<Vec<_>>(), by_pairs);
    let by_apart = sorted(alone, &|label| Reverse(belief.cannot_links(label).count() as u32));
    assert_eq!(belief.singletons().collect::<Vec<_>>(), by_apart);
    for label in known {
        assert_eq!((belief.first(label), belief.asked_about(label)), (first(label), asked(label)));
        assert_eq!(belief.count_cannot_links(label), belief.cannot_links(label).count());
    }
}

/// Chains are as short as Bellman and Ford's, made of standing constraints, and lead from one row to the other.
fn short_chains(belief: &Belief) {
    let far = u32::MAX / 2;
    for a in 0..ROWS {
        // By row and whether a "no" was used.
        let mut distance = [[far; 2]; ROWS as usize];
        distance[a as usize][0] = 0;
        for _ in 0..2 * ROWS {
            for (x, y, related) in links(belief).into_iter().flat_map(|(x, y, r)| [(x, y, r), (y, x, r)]) {
                let (x, y) = (x as usize, y as usize);
                if related {
                    (0..2).for_each(|used| distance[y][used] = distance[y][used].min(distance[x][used] + 1));
                } else {
                    distance[y][1] = distance[y][1].min(distance[x][0] + 1);
                }
            }
        }
        for b in (0..ROWS).filter(|&b| b != a) {
            let chain = belief.chain(TrainingRow(a), TrainingRow(b));
            let expected = match relation(belief, a, b) {
                None => 0,
                Some(relation) => distance[b as usize][usize::from(relation == Relation::Negative)],
            };
            assert_eq!(chain.len() as u32, expected, "{a} {b}");
            let (mut at, end) = (TrainingRow(a), TrainingRow(b));
            for number in chain {
                let link = belief.standing().find(|s| s.number == number).unwrap();
                assert!(at == link.a || at == link.b);
                at = if at == link.a { link.b } else { link.a };
            }
            assert!(expected == 0 || at == end);
        }
    }
}

/// Whatever does not stand is contradicted by a chain of links that weigh at least as much.
fn fair_votes(belief: &Belief) {
    let by_votes = belief.settings.policy != AnswerPolicy::LatestWins;
    for pair in belief.pairs.iter().filter(|pair| !pair.votes.is_empty()) {
        let sum: f32 = pair.votes.iter().map(|v| if v.related { v.weight } else { -v.weight }).sum();
        if by_votes {
            assert_eq!((pair.weight, sum == 0.0 || pair.related == (sum > 0.0)), (sum.abs(), true));
        }
        let floor = if by_votes { pair.weight } else { 0.0 };
        let strong = belief.pairs.iter().filter(|other| other.is_active && other.weight >= floor);
        let reference = Reference::new(&strong.map(|other| (other.a.0, other.b.0, other.related)).collect::<Vec<_>>());
        let says = Some(Relation::of(pair.related));
        if pair.is_active {
            assert_eq!(belief.relation(pair.a, pair.b), says);
        } else {
            let implied = reference.relation(pair.a.0, pair.b.0);
            assert!(implied.is_some() && implied != says, "{pair:?} was set aside without a reason");
        }
    }
}

fn exact_bridges(belief: &Belief) {
    let mut expected = Vec::new();
    for pair in belief.pairs.iter().filter(|pair| pair.is_active && pair.related) {
        let agreeing = pair.votes.iter().filter(|vote| vote.related).count();
        let without = links(belief).into_iter().filter(|&(a, b, _)| (a.min(b), a.max(b)) != (pair.a.0, pair.b.0));
        let reference = Reference::new(&without.collect::<Vec<_>>());
        let root = |row: TrainingRow| reference.root[row.index()];
        let size = |row| reference.root.iter().filter(|other| **other == root(row)).count() as u32;
        let side = size(pair.a).min(size(pair.b));
        let cannot_links = root(pair.a) != root(pair.b);
        if cannot_links && side >= belief.settings.bridges_from && agreeing <= pair.votes.len() - agreeing + 1 {
            expected.push((Reverse(side), pair.a, pair.b));
        }
    }
    expected.sort_unstable();
    let found = belief.doubts().into_iter().filter(|doubt| doubt.kind == DoubtKind::Bridge);
    let found: Vec<(TrainingRow, TrainingRow)> = found.map(|doubt| (doubt.a, doubt.b)).collect();
    assert_eq!(found.iter().copied().collect::<BTreeSet<_>>(), expected.iter().map(|&(_, a, b)| (a, b)).collect());
    let sides = |pairs: &[(TrainingRow, TrainingRow)]| -> Vec<u32> {
        let side = |pair| expected.iter().find(|(_, a, b)| (*a, *b) == pair).unwrap().0.0;
        pairs.iter().map(|&pair| side(pair)).collect()
    };
    assert!(sides(&found).is_sorted_by(|x, y| x >= y), "the worst bridge comes first");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn agrees_with_the_reference(
        steps in prop::collection::vec(step(), 1..60), policy in policy(), bridges_from in 1..4u32,
    ) {
        let settings = BeliefSettings { policy, bridges_from };
        let belief = run(&steps, settings, |belief, _| {
            same_closure(belief);
            exact_orders(belief);
            short_chains(belief);
            fair_votes(belief);
            exact_bridges(belief);
        });
        let again = run(&steps, settings, |_, _| {});
        prop_assert_eq!(belief.doubts(), again.doubts());
        prop_assert_eq!(belief.contradictions(), again.contradictions());
        let labels = |belief: &Belief| (0..ROWS).map(|row| component(belief, row)).collect::<Vec<_>>();
        prop_assert_eq!(labels(&belief), labels(&again));
    }

    #[test]
    fn nothing_is_left_when_all_is_withdrawn(steps in prop::collection::vec(step(), 1..40), policy in policy()) {
        let mut there = Vec::new();
        let mut belief = run(&steps, BeliefSettings { policy, bridges_from: 2 }, |_, numbers| there = numbers.to_vec());
        there.reverse();
        for number in there {
            prop_assert!(belief.withdraw(number));
            same_closure(&belief);
        }
        prop_assert_eq!(belief.implied_pairs(), (0, 0));
        prop_assert!(belief.doubts().is_empty() && belief.contradictions().is_empty());
        prop_assert_eq!((belief.components().count(), belief.standing().count()), (0, 0));
        prop_assert!((0..ROWS).all(|row| belief.members(component(&belief, row)) == [TrainingRow(row)]));
    }

    /// Answers without mistakes all stand, in any order, under any policy.
    #[test]
    fn truth_stands(pairs in prop::collection::vec((0..ROWS, 1..ROWS), 1..60), policy in policy()) {
        let mut belief = Belief::new(ROWS as usize, BeliefSettings { policy, ..Default::default() });
        for (number, &(a, by)) in pairs.iter().enumerate() {
            let b = (a + by) % ROWS;
            let known = relation(&belief, a, b).is_some();
            let related = a % 3 == b % 3;
            let (a, b) = (TrainingRow(a), TrainingRow(b));
            let constraint = Constraint { number: number as u64, a, b, related, weight: 1.0 };
            let expected = if known { ConstraintEffect::Known } else { ConstraintEffect::New };
            prop_assert_eq!(belief.add(constraint), expected);
        }
        prop_assert_eq!(belief.standing().count(), pairs.len());
        for (a, b) in (0..ROWS).flat_map(|a| (0..ROWS).map(move |b| (a, b))) {
            prop_assert!(relation(&belief, a, b).is_none_or(|relation| relation == Relation::of(a % 3 == b % 3)));
        }
    }
}
