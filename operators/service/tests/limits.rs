//! How many requests at a time, and how soon one after the other.

use std::time::{Duration, Instant};

use relata_oracle::Question;

use crate::dataset::{Fixture, question};
use crate::server::{Reply, Server, ok};

fn questions(count: u64) -> Vec<Question> {
    (1..=count).map(|number| question(number, 0, &[2, 3])).collect()
}

#[tokio::test]
async fn no_more_requests_at_a_time_than_allowed() {
    let fixture = Fixture::table().await;
    for concurrency in [1, 3] {
        let server = Server::start(|_, request| Reply::Slow(Duration::from_millis(60), Box::new(ok(request.truth()))));
        let oracle = server.oracle().batch(1).concurrency(concurrency);
        let (result, answers) = fixture.ask(&oracle, &questions(9)).await;
        result.unwrap();
        assert_eq!(answers.len(), 18);
        assert_eq!(server.most_at_once(), concurrency);
    }
}

#[tokio::test]
async fn requests_are_spaced_by_the_rate_over_several_calls() {
    let fixture = Fixture::table().await;
    let server = Server::start(|_, request| ok(request.truth()));
    let oracle = server.oracle().batch(1).concurrency(4).rate(20.0);
    let start = Instant::now();
    fixture.ask(&oracle, &questions(4)).await.0.unwrap();
    fixture.ask(&oracle.clone(), &questions(3)).await.0.unwrap();
    // Seven requests, six gaps.
    assert!(start.elapsed() >= Duration::from_millis(300), "{:?}", start.elapsed());
    let mut times = server.seen(|request| request.at);
    times.sort_unstable();
    // Between any three requests lie two gaps, give or take how long a connection takes.
    let spans = times.windows(3).map(|times| times[2] - times[0]);
    assert!(spans.clone().all(|span| span >= Duration::from_millis(60)), "{:?}", spans.collect::<Vec<_>>());
}

#[tokio::test]
async fn a_service_that_wants_rest_gets_it() {
    let fixture = Fixture::table().await;
    let server = Server::start(|n, request| match n {
        0 => Reply::Full(429, "retry-after: 1\r\n", "slow down".to_owned()),
        _ => ok(request.truth()),
    });
    let (result, answers) = fixture.ask(&server.oracle().batch(1).concurrency(1), &questions(3)).await;
    result.unwrap();
    assert_eq!(answers.len(), 6);
    let times = server.seen(|request| request.at);
    assert_eq!(times.len(), 4);
    assert!(times[1] - times[0] >= Duration::from_millis(950), "{:?}", times[1] - times[0]);
}
