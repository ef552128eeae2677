//! When a query loop stops, and why.

use relata_oracle::OracleExt;
use rusqlite::Connection;

use super::super::fixture::{Says, Script, Trial, asked};
use super::super::{AskConfig, StopReason, StrategyExt};
use crate::error::{ActiveError, LedgerProblem};
use crate::oracle::cascade;
use crate::strategy::{random_pairs, representatives};

const CLASSES: [u32; 12] = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2];

#[tokio::test]
async fn cheap_answers_leave_the_budget_for_more() {
    let trial = Trial::new(&CLASSES).await;
    let dear = || Says::new("person", |_, _| Some(true)).priced(0.0, 10.0);
    let config = random_pairs().budget(100.0).per_round(20);
    let oracle = cascade([trial.truth("rule").priced(0.0, 0.01), dear()]);
    let (rounds, stop) = trial.play(&mut trial.open(&config, 0), &oracle).await;
    let questions: u64 = rounds.iter().map(|round| round.questions).sum();
    // At the price of both, 9 questions are planned at once; each costs a hundredth.
    assert_eq!((rounds[0].questions, rounds[0].stop, stop), (9, None, StopReason::NoQuestion));
    assert!(questions > 9 && rounds[rounds.len() - 1].spent < 1.0, "{rounds:?}");

    let trial = Trial::new(&CLASSES).await;
    let passes = Says::new("rule", |_, _| None).priced(0.0, 0.01);
    let (rounds, stop) = trial.play(&mut trial.open(&config, 0), &cascade([passes, dear()])).await;
    assert_eq!((rounds.len(), rounds[0].questions, stop), (1, 9, StopReason::Budget));
    assert!(rounds[0].spent <= 100.0, "{}", rounds[0].spent);
}

#[tokio::test]
async fn an_oracle_that_knows_its_pairs_is_asked_about_these_only() {
    let pairs = [(0, 3), (7, 1), (2, 5), (4, 10), (99, 1), (6, 6)];
    for config in [random_pairs().budget(100.0).per_round(3), representatives(3).budget(100.0).per_round(3)] {
        let trial = &Trial::new(&CLASSES).await;
        let mut query_loop = trial.open(&config, 0);
        let (rounds, stop) = trial.play(&mut query_loop, &trial.truth("file").about(&pairs)).await;
        let mut found: Vec<(u64, u64)> =
            (1..=rounds.len() as u32).flat_map(|round| asked(&query_loop, round, None)).collect();
        found.iter_mut().for_each(|pair| *pair = (pair.0.min(pair.1), pair.0.max(pair.1)));
        found.sort_unstable();
        assert_eq!((found, stop), (vec![(0, 3), (1, 7), (2, 5), (4, 10)], StopReason::NoQuestion));
    }
}

#[tokio::test]
async fn a_budget_of_one_buys_ten_answers_at_a_tenth() {
    let trial = Trial::new(&CLASSES).await;
    let config = random_pairs().budget(1.0).per_round(3);
    let (rounds, stop) = trial.play(&mut trial.open(&config, 0), &trial.truth("ann").priced(0.0, 0.1)).await;
    assert_eq!((rounds.iter().map(|round| round.questions).sum::<u64>(), stop), (10, StopReason::Budget));
    let config = random_pairs().budget(1.0);
    let trial = Trial::new(&CLASSES).await;
    let (rounds, stop) = trial.play(&mut trial.open(&config, 0), &trial.truth("ann").priced(0.0, 2.0)).await;
    assert_eq!((rounds[0].questions, stop), (0, StopReason::Budget));
}

#[tokio::test]
async fn a_round_that_is_resumed_ends_as_if_it_had_not_been_stopped() {
    let trial = Trial::new(&CLASSES).await;
    let config = random_pairs().budget(4.0).per_round(4);
    let failing = trial.truth("ann").failing_after(1);
    let error = trial.try_round(&mut trial.open(&config, 0), &failing, 1).await.unwrap_err();
    assert!(error.to_string().contains("go on"), "{error}");
    let round = trial.round(&mut trial.open(&config, 0), &trial.truth("ann"), 1).await;
    assert_eq!((round.questions, round.spent, round.stop), (4, 4.0, Some(StopReason::Budget)));
}

#[tokio::test]
async fn a_ledger_that_takes_no_answer_is_an_error_of_the_ledger_whatever_it_passed_through() {
    let trial = Trial::new(&CLASSES).await;
    let config = random_pairs().budget(4.0).per_round(4);
    let mut query_loop = trial.open(&config, 0);
    let path = query_loop.ledger.path().to_path_buf();
    let refuse = "CREATE TRIGGER full BEFORE INSERT ON answers BEGIN SELECT RAISE(ABORT, 'no room'); END";
    Connection::open(&path).unwrap().execute_batch(refuse).unwrap();
    // The oracle, those around it and the loop hand on what the ledger said.
    let oracle = cascade([trial.truth("ann").named("anna")]).priced(0.0, 1.0);
    let error = trial.try_round(&mut query_loop, &oracle, 1).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("the ledger `{}`: no room. Nothing of this change was kept.", path.display())
    );
    assert!(matches!(error, ActiveError::Ledger { problem: LedgerProblem::Sqlite(_), .. }), "{error:?}");
}

#[tokio::test]
async fn every_rule_stops_when_it_is_reached() {
    let script = || Script(vec![vec![(0, 3), (3, 6), (0, 6), (0, 1)], vec![(1, 4)]]).budget(100.0);
    let stop = async |config: AskConfig, lies: bool| {
        let trial = Trial::new(&CLASSES).await;
        let classes = trial.classes.clone();
        let say = move |a: u64, b: u64| Some((classes[a as usize] == classes[b as usize]) != lies);
        trial.round(&mut trial.open(&config, 0), &Says::new("ann", say), 1).await.stop
    };
    assert_eq!(stop(script(), false).await, None);
    assert_eq!(stop(script().until_predicted(0.9), false).await, Some(StopReason::Predicted(1.0)));
    assert_eq!(stop(script().until_predicted(0.9), true).await, None);
    assert_eq!(stop(script().until_implied(0.25), false).await, Some(StopReason::Implied(0.25)));
    assert_eq!(stop(script().until_implied(0.26), false).await, None);
    assert_eq!(stop(script().until_validated(0.9, 20), false).await, Some(StopReason::Validated(1.0)));
    assert_eq!(stop(script().until_validated(0.9, 20), true).await, None);
}
