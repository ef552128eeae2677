//! What a query loop makes of the answers.

use relata_data::index::SampleId;
use relata_data::index::TrainingRow;
use relata_oracle::{Answer, Cost};

use super::super::fixture::{Says, Script, Trial, asked};
use super::super::{AskConfig, QueryLoop, StrategyExt};
use crate::inference::{AnswerPolicy, Relation};
use crate::oracle::crowd;
use crate::strategy::random_pairs;

fn script(rounds: &[&[(u32, u32)]]) -> AskConfig {
    Script(rounds.iter().map(|round| round.to_vec()).collect()).budget(1000.0)
}

/// Three people who agree except about 0 and 2, which only the first holds to be related.
fn people() -> crate::oracle::Crowd {
    crowd([
        Says::new("ann", |_, _| Some(true)),
        Says::new("ben", |a, b| Some((a, b) != (0, 2))),
        Says::new("cid", |a, b| Some((a, b) != (0, 2))),
    ])
}

#[tokio::test]
async fn the_latest_answer_of_a_crowd_wins_even_if_it_is_surer() {
    let trial = Trial::new(&[0, 0, 0]).await;
    let config = script(&[&[(0, 1), (0, 2), (1, 2)]]).policy(AnswerPolicy::LatestWins).confidence(0.5);
    let mut query_loop = trial.open(&config, 0);
    let round = trial.round(&mut query_loop, &people(), 1).await;
    assert_eq!((round.progress.answers, round.progress.yes), (9, 7));
    assert_eq!(query_loop.belief.relation(TrainingRow(1), TrainingRow(2)), Some(Relation::Positive));
    assert_eq!(query_loop.belief.contradictions().len(), 1);
}

#[tokio::test]
async fn what_followed_is_counted_once_for_each_pair() {
    let trial = Trial::new(&[0, 0, 0, 0, 1]).await;
    let config = || script(&[&[(0, 1), (1, 2), (0, 2), (3, 4)]]);
    for (oracle, answers) in [
        (Box::new(trial.truth("ann")) as Box<dyn relata_oracle::Oracle>, 4),
        (Box::new(crowd([trial.truth("ann"), trial.truth("ben"), trial.truth("cid")])), 12),
    ] {
        let trial = Trial::new(&trial.classes).await;
        let config = config();
        let mut query_loop = trial.open(&config, 0);
        let progress = trial.round(&mut query_loop, &oracle, 1).await.progress;
        // That 0 and 2 are related follows from the two answers before.
        assert_eq!((progress.answers, progress.judged, progress.implied), (answers, 4, 1));
        assert_eq!(progress.predicted, answers, "the embedding knows the classes");
    }
}

#[tokio::test]
async fn pairs_asked_about_again_do_not_count_as_followed() {
    let trial = Trial::new(&[0, 0, 1]).await;
    let config = script(&[&[(0, 1)]]).policy(AnswerPolicy::ReAsk).bridges_from(1).until_implied(0.1);
    let mut query_loop = trial.open(&config, 0);
    let oracle = trial.truth("ann");
    trial.round(&mut query_loop, &oracle, 1).await;
    let again = trial.round(&mut query_loop, &oracle, 2).await;
    assert_eq!(asked(&query_loop, 2, Some("re_ask")), [(0, 1)]);
    assert_eq!((again.progress.answers, again.progress.judged, again.progress.implied), (1, 0, 0));
    assert_eq!(again.stop, None);
}

#[tokio::test]
async fn only_what_is_confirmed_joins_the_graph() {
    let trial = Trial::new(&[0, 0, 1]).await;
    let config = script(&[&[(0, 1)]]).policy(AnswerPolicy::ReAsk).bridges_from(1).confirmed();
    let mut query_loop = trial.open(&config, 0);
    let oracle = trial.truth("ann");
    let groups = |query_loop: &QueryLoop<'_>| {
        query_loop.belief_oracle().members.iter().map(|member| member.0.0).collect::<Vec<_>>()
    };
    trial.round(&mut query_loop, &oracle, 1).await;
    assert_eq!(groups(&query_loop), [0; 0]);
    trial.round(&mut query_loop, &oracle, 2).await;
    assert_eq!(groups(&query_loop), [0, 1]);
}

#[tokio::test]
async fn an_answer_that_was_taken_back_is_forgotten() {
    let trial = Trial::new(&[0, 0, 1, 1]).await;
    let config = script(&[&[(0, 1)], &[(2, 3)]]);
    let mut query_loop = trial.open(&config, 0);
    let wrong = Says::new("ann", |_, _| Some(false));
    trial.round(&mut query_loop, &wrong, 1).await;
    assert_eq!(query_loop.belief.relation(TrainingRow(0), TrainingRow(1)), Some(Relation::Negative));
    let question = query_loop.ledger.questions_of(1).unwrap().remove(0);
    query_loop.ledger.undo(1, "ann").unwrap();
    query_loop.ledger.record(&[Answer::now(&question, SampleId(1), Some(true), "ann", Cost::default())]).unwrap();
    let second = trial.round(&mut query_loop, &trial.truth("ann"), 2).await;
    assert_eq!(
        [
            query_loop.belief.relation(TrainingRow(0), TrainingRow(1)),
            query_loop.belief.relation(TrainingRow(2), TrainingRow(3))
        ],
        [Some(Relation::Positive); 2]
    );
    assert_eq!((second.progress.answers, second.progress.yes, second.spent), (2, 2, 3.0));
}

#[tokio::test]
async fn a_query_loop_that_is_opened_again_knows_and_asks_the_same() {
    let trial = Trial::new(&[0, 1, 0, 1, 0, 1, 0, 1, 2, 2]).await;
    let config = random_pairs().budget(100.0).per_round(5).policy(AnswerPolicy::ReAsk).bridges_from(2);
    for people in [1, 3] {
        let trial = Trial::new(&trial.classes).await;
        let oracle = crowd(["ann", "ben", "cid"].into_iter().take(people).map(|name| trial.truth(name)));
        let mut query_loop = trial.open(&config, 0);
        for number in 1..=3 {
            trial.round(&mut query_loop, &oracle, number).await;
            let again = trial.open(&config, number);
            let standing = |query_loop: &QueryLoop<'_>| query_loop.belief.standing().copied().collect::<Vec<_>>();
            assert_eq!(standing(&again), standing(&query_loop));
            assert_eq!(
                (&again.closed, &again.recent, again.read),
                (&query_loop.closed, &query_loop.recent, query_loop.read)
            );
        }
        // What the ledger has of later rounds is left for them.
        assert_eq!(trial.open(&config, 1).closed.len(), 5);
    }
}
