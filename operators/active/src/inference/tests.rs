//! Belief: what follows, what is withdrawn, and how contradictions are decided.

use relata_data::index::TrainingRow;

use super::*;

fn belief(policy: AnswerPolicy, constraints: &[(u32, u32, bool, f32)]) -> Belief {
    let mut belief = Belief::new(20, BeliefSettings { policy, bridges_from: 3 });
    for (number, &(a, b, related, weight)) in (1..).zip(constraints) {
        belief.add(Constraint { number, a: TrainingRow(a), b: TrainingRow(b), related, weight });
    }
    belief
}

/// 0 - 1 - 2 related, of which 1 - 2 is the weakest link, and then "0 and 2 are not".
const CHAIN: [(u32, u32, bool, f32); 3] = [(0, 1, true, 0.9), (1, 2, true, 0.6), (0, 2, false, 0.7)];

#[test]
fn a_heavier_answer_breaks_the_weakest_link() {
    for policy in [AnswerPolicy::LatestWins, AnswerPolicy::WeightedVote, AnswerPolicy::ReAsk] {
        let belief = belief(policy, &CHAIN);
        assert_eq!(belief.relation(TrainingRow(0), TrainingRow(1)), Some(Relation::Positive));
        assert_eq!(
            [belief.relation(TrainingRow(0), TrainingRow(2)), belief.relation(TrainingRow(1), TrainingRow(2))],
            [Some(Relation::Negative); 2]
        );
        let kept = Some(Relation::Negative);
        let expected = Contradiction {
            number: 3,
            a: TrainingRow(0),
            b: TrainingRow(2),
            said: false,
            chain: vec![1, 2],
            kept,
            weight: 0.7,
        };
        assert_eq!(belief.contradictions(), [expected]);
    }
}

#[test]
fn a_lighter_answer_is_set_aside_until_its_votes_add_up() {
    let mut chain = CHAIN;
    chain[2].3 = 0.5;
    let mut voted = belief(AnswerPolicy::WeightedVote, &chain);
    assert_eq!(voted.relation(TrainingRow(0), TrainingRow(2)), Some(Relation::Positive));
    assert_eq!(voted.contradictions()[0].weight, 0.6);
    voted.add(Constraint { number: 4, a: TrainingRow(2), b: TrainingRow(0), related: false, weight: 0.2 });
    assert_eq!(
        [voted.relation(TrainingRow(0), TrainingRow(2)), voted.relation(TrainingRow(1), TrainingRow(2))],
        [Some(Relation::Negative); 2]
    );
    assert!(voted.withdraw(4));
    assert_eq!(
        [voted.relation(TrainingRow(0), TrainingRow(2)), voted.relation(TrainingRow(1), TrainingRow(2))],
        [Some(Relation::Positive); 2]
    );
    let latest = belief(AnswerPolicy::LatestWins, &chain);
    assert_eq!(
        [latest.relation(TrainingRow(0), TrainingRow(2)), latest.relation(TrainingRow(1), TrainingRow(2))],
        [Some(Relation::Negative); 2]
    );
}

#[test]
fn ties_keep_what_is_there_and_the_oldest_link_goes_first() {
    let constraints = [(0, 1, true, 0.5), (1, 2, true, 0.5), (0, 2, false, 0.5)];
    assert_eq!(
        belief(AnswerPolicy::WeightedVote, &constraints).relation(TrainingRow(0), TrainingRow(2)),
        Some(Relation::Positive)
    );
    let latest = belief(AnswerPolicy::LatestWins, &constraints);
    assert_eq!(latest.standing().map(|constraint| constraint.number).collect::<Vec<_>>(), [2, 3]);
}

#[test]
fn both_sides_of_a_contradiction_are_asked_again_once() {
    let mut belief = belief(AnswerPolicy::ReAsk, &CHAIN);
    let doubts = |belief: &Belief| belief.doubts().iter().map(|d| (d.number, d.kind)).collect::<Vec<_>>();
    assert_eq!(doubts(&belief), [(2, DoubtKind::WeakestLink), (3, DoubtKind::WeakestLink)]);
    belief.add(Constraint { number: 4, a: TrainingRow(1), b: TrainingRow(2), related: true, weight: 0.6 });
    assert_eq!(belief.relation(TrainingRow(0), TrainingRow(2)), Some(Relation::Positive), "1.2 and 0.9 outweigh 0.7");
    assert_eq!(doubts(&belief), [(3, DoubtKind::WeakestLink)]);
    belief.add(Constraint { number: 5, a: TrainingRow(0), b: TrainingRow(2), related: false, weight: 0.7 });
    assert_eq!(
        (belief.relation(TrainingRow(1), TrainingRow(2)), belief.relation(TrainingRow(0), TrainingRow(2))),
        (Some(Relation::Positive), Some(Relation::Negative))
    );
    assert_eq!(doubts(&belief), []);
}

#[test]
fn a_settled_contradiction_is_not_asked_again() {
    let mut belief = belief(AnswerPolicy::ReAsk, &CHAIN);
    assert!(belief.withdraw(3));
    assert!(belief.doubts().is_empty() && belief.contradictions().is_empty());
    assert_eq!(belief.relation(TrainingRow(0), TrainingRow(2)), Some(Relation::Positive));
}

#[test]
fn one_yes_between_big_components_is_doubted_until_something_else_joins_them() {
    let sides = [(0, 1), (1, 2), (2, 0), (10, 11), (11, 12), (12, 10), (2, 10)];
    let mut belief = belief(AnswerPolicy::default(), &sides.map(|(a, b)| (a, b, true, 1.0)));
    assert_eq!(belief.doubts(), [Doubt { number: 7, a: TrainingRow(2), b: TrainingRow(10), kind: DoubtKind::Bridge }]);
    let again = Constraint { number: 8, a: TrainingRow(10), b: TrainingRow(2), related: true, weight: 0.5 };
    let other = Constraint { number: 9, a: TrainingRow(0), b: TrainingRow(12), related: true, weight: 0.5 };
    for constraint in [again, other] {
        assert_eq!(belief.add(constraint), ConstraintEffect::Known);
        assert_eq!(belief.doubts(), []);
        assert!(belief.withdraw(constraint.number));
        assert_eq!(belief.doubts().len(), 1);
    }
    assert!(belief.withdraw(7));
    assert_eq!(
        (belief.relation(TrainingRow(0), TrainingRow(12)), belief.relation(TrainingRow(0), TrainingRow(2))),
        (None, Some(Relation::Positive))
    );
}

#[test]
fn without_doubts_a_lone_yes_joins_nothing_and_the_rest_stays() {
    let said = [(0, 1, true, 1.0), (1, 2, true, 1.0), (0, 2, true, 1.0), (3, 4, true, 1.0), (2, 5, false, 1.0)];
    let mut belief = Belief::new(8, BeliefSettings { bridges_from: 1, ..Default::default() });
    for (number, (a, b, related, weight)) in (1..).zip(said) {
        belief.add(Constraint { number, a: TrainingRow(a), b: TrainingRow(b), related, weight });
    }
    let sure = belief.without_doubts();
    assert_eq!(
        [sure.relation(TrainingRow(3), TrainingRow(4)), sure.relation(TrainingRow(0), TrainingRow(1))],
        [None, Some(Relation::Positive)]
    );
    assert_eq!(sure.relation(TrainingRow(1), TrainingRow(5)), Some(Relation::Negative));
    assert_eq!(belief.must_links(TrainingRow(2)).collect::<Vec<_>>(), [1, 0].map(TrainingRow));
    belief.add(Constraint { number: 6, a: TrainingRow(4), b: TrainingRow(3), related: true, weight: 1.0 });
    assert_eq!(
        belief.without_doubts().relation(TrainingRow(3), TrainingRow(4)),
        Some(Relation::Positive),
        "said twice"
    );
}

#[test]
fn statements_that_say_nothing_change_nothing() {
    let mut belief = belief(AnswerPolicy::default(), &CHAIN[..1]);
    let same = Constraint { number: 2, a: TrainingRow(4), b: TrainingRow(4), related: true, weight: 1.0 };
    assert_eq!(belief.add(same), ConstraintEffect::Known);
    assert_eq!(belief.add(Constraint { b: TrainingRow(5), weight: f32::NAN, ..same }), ConstraintEffect::New);
    assert_eq!(belief.add(Constraint { b: TrainingRow(5), weight: 0.0, ..same }), ConstraintEffect::New);
    assert_eq!(belief.add(Constraint { b: TrainingRow(5), number: 1, ..same }), ConstraintEffect::New);
    assert!(!belief.is_known(same.a) && belief.members(belief.component(same.a)) == [same.a]);
}
