//! Failures with a real ledger: what came before is there, a run that is started again asks for the rest, and nothing is
//! counted twice.

use relata_active::ledger::Ledger;
use relata_oracle::{OracleExt, Question};

use crate::dataset::{Fixture, question};
use crate::server::{Reply, Server, answers, ok};

/// Four questions, which are one batch of six pairs.
fn questions() -> Vec<Question> {
    vec![question(1, 0, &[2, 3]), question(2, 1, &[4]), question(3, 5, &[6, 7]), question(4, 8, &[9])]
}

#[tokio::test]
async fn a_run_that_failed_goes_on_with_what_is_missing() {
    let fixture = Fixture::table().await;
    let folder = tempfile::tempdir().unwrap();
    Ledger::open(folder.path()).unwrap().ask(&questions()).unwrap();
    // Half a batch, then out of order: the run ends. The next one is cut off in the middle of a good response, and ends
    // as well. The third gets a response with what it has already and a question that was never asked, and then all.
    let server = Server::start(|n, request| match n {
        0 => ok(answers(&[(1, 2), (1, 3), (2, 4)])),
        1 => Reply::Full(500, "", "out of order".to_owned()),
        2 => Reply::Half(request.truth().to_string()),
        3 => ok(answers(&[(1, 2), (3, 6), (9, 9)])),
        _ => ok(request.truth()),
    });
    let mut failures = Vec::new();
    for start in 0..3 {
        // Opened again, as by another process.
        let ledger = Ledger::open(folder.path()).unwrap();
        let open = ledger.unanswered(1).unwrap();
        assert_eq!(open.len(), [4, 2, 2][start]);
        let result = fixture.ask_into(&server.oracle().retries(0), &open, &ledger).await;
        failures.extend(result.err().map(|error| error.to_string()));
        assert_eq!(ledger.since(0).unwrap().len(), [3, 3, 6][start]);
    }
    assert!(failures[0].contains("500") && failures[0].contains("question 3"), "{failures:?}");
    assert_eq!(failures.len(), 2, "{failures:?}");

    let ledger = Ledger::open(folder.path()).unwrap();
    let rows = ledger.since(0).unwrap();
    let mut said: Vec<_> =
        rows.iter().map(|row| (row.answer.question, row.answer.candidate.0, row.answer.related)).collect();
    said.sort_unstable();
    let even = |question, candidate| (question, candidate, Some(candidate % 2 == 0));
    assert_eq!(said, [even(1, 2), even(1, 3), even(2, 4), even(3, 6), even(3, 7), even(4, 9)]);
    assert_eq!(ledger.spent().unwrap(), 6.0);
    let asked = server.seen(|request| request.pairs());
    let rest = vec![(3, 6), (3, 7), (4, 9)];
    assert_eq!(
        asked,
        [[vec![(1, 2), (1, 3), (2, 4)], rest.clone()].concat(), rest.clone(), rest.clone(), rest, vec![(3, 7), (4, 9)]]
    );
}

#[tokio::test]
async fn an_answer_that_came_twice_is_paid_once() {
    let fixture = Fixture::table().await;
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path()).unwrap();
    ledger.ask(&questions()).unwrap();
    let server = Server::start(|_, request| ok(request.truth()));
    // A process that was killed before it could note that all is answered asks everything again.
    for _ in 0..2 {
        fixture.ask_into(&server.oracle().priced(0.0, 0.5), &questions(), &ledger).await.unwrap();
    }
    assert_eq!((ledger.since(0).unwrap().len(), ledger.spent().unwrap()), (6, 3.0));
    assert!(ledger.unanswered(1).unwrap().is_empty());
}
