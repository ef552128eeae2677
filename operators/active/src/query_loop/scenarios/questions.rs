//! Which questions a query loop asks.

use relata_data::index::TrainingRow;
use relata_oracle::Cost;
use relata_registry::Description;

use super::super::fixture::{Says, Script, Trial, asked, groups};
use super::super::{AskConfig, StopReason, StrategyExt};
use crate::inference::{AnswerPolicy, Relation};
use crate::strategy::{Query, QueryContext, Strategy, random_pairs};

fn script(rounds: &[&[(u32, u32)]]) -> AskConfig {
    Script(rounds.iter().map(|round| round.to_vec()).collect()).budget(1000.0).policy(AnswerPolicy::ReAsk)
}

#[tokio::test]
async fn no_pair_is_asked_about_twice_in_a_round() {
    let trial = Trial::new(&[0, 0, 0, 1, 1]).await;
    let config = script(&[&[(0, 1), (1, 2)], &[(3, 4), (4, 3), (3, 4)]]).bridges_from(1);
    let mut query_loop = trial.open(&config, 0);
    let oracle = trial.truth("ann");
    trial.round(&mut query_loop, &oracle, 1).await;
    trial.round(&mut query_loop, &oracle, 2).await;
    // Both bridges of the chain 0 - 1 - 2 lead across the same third pair.
    let again = asked(&query_loop, 2, Some("re_ask"));
    assert!(again == [(2, 0)] || again == [(0, 2)], "{again:?}");
    assert_eq!(asked(&query_loop, 2, Some("script")), [(3, 4)]);
    assert!(
        query_loop.doubts().iter().all(|doubt| doubt.a == TrainingRow(3)),
        "one answer settles both: {:?}",
        query_loop.doubts()
    );
}

#[tokio::test]
async fn a_contradiction_that_stays_doubted_is_not_asked_about_for_ever() {
    let trial = Trial::new(&[0, 0, 0, 0]).await;
    let config = script(&[&[(0, 1), (1, 2), (0, 2)]]);
    let mut query_loop = trial.open(&config, 0);
    let first = Says::new("ann", |a, b| Some((a, b) != (0, 2)));
    trial.round(&mut query_loop, &first, 1).await;
    assert!(!query_loop.doubts().is_empty());
    let passes = Says::new("ann", |_, _| None);
    let again = trial.round(&mut query_loop, &passes, 2).await;
    assert_eq!((again.progress.passed, again.stop), (2, Some(StopReason::Passed(2))));
    let last = trial.round(&mut query_loop, &passes, 3).await;
    assert_eq!((last.questions, last.stop), (0, Some(StopReason::NoQuestion)), "{:?}", asked(&query_loop, 3, None));
}

#[tokio::test]
async fn asking_both_sides_once_more_finds_the_mistake() {
    let trial = Trial::new(&[0, 0, 1, 1]).await;
    let config = script(&[&[(0, 1), (1, 2), (0, 2)]]);
    let mut query_loop = trial.open(&config, 0);
    // The yes about 1 and 2 is wrong, and each answer weighs the same.
    let wrong = Says::new("ann", |a, b| Some((a, b) != (0, 2)));
    trial.round(&mut query_loop, &wrong, 1).await;
    assert_eq!(query_loop.belief.relation(TrainingRow(0), TrainingRow(2)), Some(Relation::Positive));
    trial.round(&mut query_loop, &trial.truth("ann"), 2).await;
    assert_eq!(asked(&query_loop, 2, Some("re_ask")).len(), 2);
    let relations = [(0, 1), (0, 2), (1, 2)].map(|(a, b)| query_loop.belief.relation(TrainingRow(a), TrainingRow(b)));
    let expected = [Relation::Positive, Relation::Negative, Relation::Negative];
    assert_eq!(relations, expected.map(Some));
}

#[tokio::test]
async fn rows_that_there_are_not_are_passed_over() {
    let trial = Trial::new(&[0, 0]).await;
    let config = script(&[&[(0, 99), (99, 0), (u32::MAX, 1), (0, 0), (0, 1)]]);
    let mut query_loop = trial.open(&config, 0);
    trial.round(&mut query_loop, &trial.truth("ann"), 1).await;
    assert_eq!(asked(&query_loop, 1, None), [(0, 1)]);
}

#[tokio::test]
async fn what_is_known_from_the_start_is_not_asked() {
    let mut trial = Trial::new(&(0..1_100).collect::<Vec<_>>()).await;
    let each: Vec<(u64, u64)> = (0..1_098).map(|row| (row, row)).collect();
    trial.groups = groups(1_100, &each, |_| true, &[]);
    // More groups than the belief is told about.
    let config = script(&[&[(1_096, 1_097), (0, 1)], &[(1_096, 1_097), (1_097, 1_098)]]);
    let mut query_loop = trial.open(&config, 0);
    assert_eq!(query_loop.belief.relation(TrainingRow(1_096), TrainingRow(1_097)), None);
    let oracle = trial.truth("ann");
    assert_eq!(trial.round(&mut query_loop, &oracle, 1).await.stop, Some(StopReason::NoQuestion));
    trial.round(&mut query_loop, &oracle, 2).await;
    assert_eq!(asked(&query_loop, 2, None), [(1_097, 1_098)]);
}

#[tokio::test]
async fn validation_pairs_are_asked_once_and_nothing_follows_from_them() {
    let trial = Trial::new(&[0, 0, 0, 1, 1, 1]).await;
    let config = random_pairs().budget(1000.0).per_round(4).until_validated(1.0, 5);
    let mut query_loop = trial.open(&config, 0);
    // The embedding knows nothing of what this oracle looks at.
    let oracle = Says::new("ann", |a, b| Some(a % 2 == b % 2));
    let first = trial.round(&mut query_loop, &oracle, 1).await;
    let held = asked(&query_loop, 1, Some("validation"));
    assert_eq!((held.len(), first.questions, first.spent, first.progress.validation), (5, 9, 9.0, 5));
    assert_eq!(query_loop.belief.standing().count(), 4);
    let again = trial.open(&config, 1);
    assert_eq!((again.validation.score(|_, _| true).1, again.belief.standing().count()), (5, 4));
    let mut all = held;
    for number in 2..20 {
        let stop = trial.round(&mut query_loop, &oracle, number).await.stop;
        assert!(asked(&query_loop, number, Some("validation")).is_empty());
        all.extend(asked(&query_loop, number, None));
        if stop.is_some() {
            break;
        }
    }
    all.extend(asked(&query_loop, 1, Some("random_pairs")));
    let mut pairs: Vec<(u64, u64)> = all.iter().map(|&(a, b)| (a.min(b), a.max(b))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    assert_eq!(pairs.len(), all.len());
}

#[test]
fn a_round_is_a_tenth_of_what_the_budget_buys() {
    let config = || random_pairs().budget(300.0);
    let at = |per_question, per_candidate| config().pairs_per_round(Cost { per_question, per_candidate });
    assert_eq!([at(0.0, 1.0), at(4.0, 6.0), at(0.0, 0.0), at(0.0, 1e9)], [30, 3, 30, 1]);
    assert_eq!(config().per_round(7).pairs_per_round(Cost::default()), 7);
}

/// A strategy that calls itself so.
struct Called(&'static str);

impl Strategy for Called {
    fn describe(&self) -> Description {
        Description::new(self.0)
    }

    fn propose(&self, _: &QueryContext<'_>, _: usize) -> Vec<Query> {
        vec![]
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let config = || random_pairs().budget(300.0);
    assert!(Called("re_asks").budget(1.0).check().is_ok());
    for name in ["re_ask", "validation"] {
        let error = Called(name).budget(1.0).check().unwrap_err().to_string();
        assert!(error.contains(name), "{error}");
    }
    config().per_round(1_000_000).until_validated(0.9, 100).check().unwrap();
    for (text, bad) in [
        ("`per_round` must be from 1 to 1000000 pairs", config().per_round(usize::MAX)),
        ("`per_round` must be", config().per_round(0)),
        ("`until_validated` must be from 1", config().until_validated(0.9, 0)),
        ("`until_validated` must be in [0, 1]", config().until_validated(1.5, 10)),
    ] {
        let error = bad.check().unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}
