//! Servers that fail: a retry or a clear error, no answer lost and none asked for twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use relata_oracle::{Answer, Oracle, OracleError, Question};
use relata_service::{service, unrecorded_requests};
use serde_json::{Value, json};

use crate::dataset::{Fixture, Notes, question, said};
use crate::server::{Reply, Seen, Server, answers, ok};

fn questions() -> Vec<Question> {
    vec![question(1, 0, &[2, 3]), question(2, 1, &[4])]
}

const ALL: [(u64, u64, Option<bool>); 3] = [(1, 2, Some(true)), (1, 3, Some(false)), (2, 4, Some(true))];

/// Asks a server whose first reply is `first` and whose others are good; checks that all is well in the end.
async fn recovers(first: fn(&Seen) -> Reply) -> Vec<Vec<(u64, u64)>> {
    let fixture = Fixture::table().await;
    let server = Server::start(move |n, request| if n == 0 { first(request) } else { ok(request.truth()) });
    let (result, answers) = fixture.ask(&server.oracle().timeout(Duration::from_millis(400)), &questions()).await;
    result.unwrap();
    assert_eq!(said(&answers), ALL);
    server.seen(Seen::pairs)
}

/// Asks a server that always replies the same; gives the error, the answers that came, and the number of requests.
async fn fails(reply: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> (String, Vec<Answer>, usize) {
    let fixture = Fixture::table().await;
    let server = Server::start(move |_, request| reply(request));
    let oracle = server.oracle().retries(2).timeout(Duration::from_millis(300));
    let (result, answers) = fixture.ask(&oracle, &questions()).await;
    let error = result.unwrap_err();
    assert!(matches!(error, OracleError::Answer { .. }), "{error}");
    (error.to_string(), answers, server.seen(|_| ()).len())
}

#[tokio::test]
async fn what_passes_is_tried_again() {
    let everything = vec![(1, 2), (1, 3), (2, 4)];
    let twice = vec![everything.clone(), everything];
    assert_eq!(recovers(|_| Reply::Full(500, "", "out of order".to_owned())).await, twice);
    assert_eq!(recovers(|_| Reply::Silence(Duration::from_secs(2))).await, twice);
    assert_eq!(recovers(|_| Reply::Silence(Duration::ZERO)).await, twice);
    assert_eq!(recovers(|request| Reply::Half(request.truth().to_string())).await, twice);
    assert_eq!(recovers(|request| ok(&request.truth().to_string()[..40])).await, twice);
    assert_eq!(recovers(|_| ok("")).await, twice);
    assert_eq!(recovers(|_| ok(json!([]))).await, twice);
}

#[tokio::test]
async fn only_what_is_missing_is_asked_again() {
    let part = recovers(|_| ok(answers(&[(1, 3)]))).await;
    assert_eq!(part, [vec![(1, 2), (1, 3), (2, 4)], vec![(1, 2), (2, 4)]]);
    // What is wrong with one answer does not spoil the others.
    for first in [
        (|_| with_one_more(json!({ "question": 9, "candidate": 4, "related": true }))) as fn(&Seen) -> Reply,
        |_| with_one_more(json!({ "question": 2, "candidate": 5, "related": true })),
        |_| with_one_more(json!({ "question": 2, "candidate": 4, "related": true, "confidence": 1.5 })),
        |_| with_one_more(json!({ "question": 2, "candidate": 4, "related": 1 })),
        |_| with_one_more(json!({ "question": 2, "candidate": 4 })),
        |_| with_one_more(json!("what?")),
    ] {
        assert_eq!(recovers(first).await, [vec![(1, 2), (1, 3), (2, 4)], vec![(2, 4)]]);
    }
    // Neither of two answers about the same candidate counts.
    let twice = recovers(|_| with_one_more(json!({ "question": 1, "candidate": 2, "related": false }))).await;
    assert_eq!(twice[1], [(1, 2), (2, 4)]);
}

/// The answers about question 1, and another one.
fn with_one_more(answer: Value) -> Reply {
    let mut reply = answers(&[(1, 2), (1, 3)]);
    reply["answers"].as_array_mut().unwrap().push(answer);
    ok(reply)
}

#[tokio::test]
async fn a_service_that_gives_one_answer_at_a_time_gets_there() {
    let fixture = Fixture::table().await;
    let server = Server::start(|_, request| ok(answers(&request.pairs()[..1])));
    let (result, answers) = fixture.ask(&server.oracle().retries(0), &questions()).await;
    result.unwrap();
    assert_eq!(said(&answers), ALL);
    assert_eq!(server.seen(|request| request.pairs().len()), [3, 2, 1]);
}

type Behaviour = fn(&Seen) -> Reply;

#[tokio::test]
async fn what_does_not_pass_is_an_error_that_says_what_was_wrong() {
    let cases: [(Behaviour, &str); 7] = [
        (
            |_| Reply::Full(503, "", "overloaded,\n try later".to_owned()),
            "503 Service Unavailable: overloaded, try later",
        ),
        (|_| Reply::Silence(Duration::from_secs(2)), "nothing within 300ms"),
        (|request| Reply::Half(request.truth().to_string()), "response"),
        (|_| ok("{\"answers\": [}"), "{\"answers\": [}"),
        (|_| ok(answers(&[])), "none about candidate 2 of question 1"),
        (|_| ok(answers(&[(9, 2)])), "question 9, which was not asked"),
        (|_| ok(json!({ "answers": [{ "question": 1, "candidate": 2, "related": true, "confidence": -1 }] })), "-1"),
    ];
    for (reply, found) in cases {
        let (error, answers, requests) = fails(reply).await;
        assert!(error.contains(found) && error.contains("3 times in a row") && error.contains("question 1"), "{error}");
        assert!(answers.is_empty());
        assert_eq!(requests, 3, "{error}");
    }
}

#[tokio::test]
async fn answers_that_came_are_kept_before_an_error() {
    let only_first = |request: &Seen| {
        let pairs: Vec<_> = request.pairs().into_iter().filter(|pair| pair.0 == 1).collect();
        ok(answers(&pairs))
    };
    let (error, answers, requests) = fails(only_first).await;
    assert!(error.contains("candidate 4 of question 2"), "{error}");
    assert_eq!((said(&answers).as_slice(), requests), (&ALL[..2], 4));

    // All was answered, and a question that was never asked besides: nothing is left to ask, but something is wrong.
    let more = |request: &Seen| {
        let mut pairs = request.pairs();
        pairs.push((8, 3));
        ok(crate::server::answers(&pairs))
    };
    let fixture = Fixture::table().await;
    let server = Server::start(move |_, request| more(request));
    let (result, answers) = fixture.ask(&server.oracle(), &questions()).await;
    result.unwrap();
    assert_eq!((said(&answers).as_slice(), server.seen(|_| ()).len()), (&ALL[..], 1));
}

#[tokio::test]
async fn answers_wait_for_a_ledger_that_is_busy() {
    let fixture = Fixture::table().await;
    let server = Server::start(|_, request| ok(request.truth()));
    let notes = Notes::default();
    notes.busy.store(3, Ordering::SeqCst);
    fixture.ask_into(&server.oracle(), &questions(), &notes).await.unwrap();
    assert_eq!(said(&notes.answers.into_inner().unwrap()), ALL);
    assert_eq!(server.seen(|_| ()).len(), 1, "nothing was paid for twice");
}

#[tokio::test]
async fn what_a_service_answers_to_a_run_that_stops_is_recorded() {
    let fixture = Fixture::table().await;
    let server = Server::start(|_, request| Reply::Slow(Duration::from_millis(300), Box::new(ok(request.truth()))));
    let (oracle, questions, notes) = (server.oracle(), questions(), Notes::default());
    notes.busy.store(1, Ordering::SeqCst);
    {
        let asking = fixture.ask_into(&oracle, &questions, &notes);
        tokio::pin!(asking);
        while server.seen(|_| ()).is_empty() {
            tokio::select! {
                _ = &mut asking => panic!("it is answered already"),
                () = tokio::task::yield_now() => {}
            }
        }
        assert!(unrecorded_requests() > 0);
    }
    assert_eq!(said(&notes.answers.into_inner().unwrap()), ALL);
}

#[tokio::test]
async fn a_request_that_is_sent_again_has_the_same_key() {
    let key = |request: &Seen| {
        let line = request.head.lines().find(|line| line.to_lowercase().starts_with("idempotency-key: "));
        line.unwrap().to_owned()
    };
    let fixture = Fixture::table().await;
    let server = Server::start(|n, request| match n {
        0 => Reply::Full(500, "", String::new()),
        1 => Reply::Silence(Duration::ZERO),
        // A response without the answers: asking for it again by the same key might give the same.
        2 => ok(answers(&[])),
        _ => ok(request.truth()),
    });
    fixture.ask(&server.oracle(), &questions()).await.0.unwrap();
    let keys = server.seen(key);
    assert!(keys[0] == keys[1] && keys[1] == keys[2] && keys[2] != keys[3], "{keys:?}");
}

#[test]
fn secrets_are_neither_in_an_address_nor_sent_where_they_can_be_read() {
    let refused = |service: relata_service::Service| service.check().unwrap_err().to_string();
    for address in ["https://api.example.com/v1?key=abcdef", "https://api.example.com/?a=1&Access_Token=abcdef"] {
        let error = refused(service(address));
        assert!(error.contains("secret_from_env") && !error.contains("abcdef"), "{error}");
    }
    service("https://api.example.com/v1?version=2").check().unwrap();
    let plain = |host: &str| service(format!("http://{host}/answer")).secret_from_env("PATH");
    assert!(refused(plain("api.example.com")).contains("https"));
    for own in ["127.0.0.1:9000", "localhost", "[::1]:9000"] {
        plain(own).check().unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, "no certificate").unwrap();
    assert!(refused(service("https://own.example").certificate_authority(&file)).contains("none in it"));
}

#[tokio::test]
async fn a_batch_that_fails_does_not_lose_the_answers_of_another() {
    let fixture = Fixture::table().await;
    let server = Server::start(|_, request| match request.pairs()[0].0 {
        // Not at once, or the second might not be under way yet.
        1 => Reply::Slow(Duration::from_millis(300), Box::new(Reply::Full(400, "", String::new()))),
        _ => Reply::Slow(Duration::from_millis(600), Box::new(ok(request.truth()))),
    });
    let questions: Vec<_> = (1..=6).map(|number| question(number, 0, &[2])).collect();
    let (result, answers) = fixture.ask(&server.oracle().batch(1).concurrency(2), &questions).await;
    assert!(result.unwrap_err().to_string().contains("400"));
    // The second was under way and is awaited; no other one is asked.
    assert_eq!(said(&answers), [(2, 2, Some(true))]);
    assert_eq!(server.seen(|_| ()).len(), 2);
}

#[tokio::test]
async fn an_error_of_the_client_is_not_repeated_and_never_shows_the_secret() {
    let secret = std::env::var("PATH").unwrap();
    let fixture = Fixture::table().await;
    let server = Server::start(|_, request| {
        let line = request.head.lines().find(|line| line.to_lowercase().starts_with("authorization:")).unwrap();
        Reply::Full(401, "", format!("no such token: {line}"))
    });
    let oracle = server.oracle().secret_from_env("PATH");
    let (result, answers) = fixture.ask(&oracle, &questions()).await;
    let error = result.unwrap_err();
    let text = format!("{error} {error:?}");
    assert!(text.contains("401") && text.contains("Bearer [secret]"), "{text}");
    assert!(!text.contains(&secret) && !text.contains(&secret[..secret.len() / 2]), "{text}");
    assert_eq!((answers.len(), server.seen(|_| ()).len()), (0, 1));
    assert!(server.seen(|request| request.head.contains(&format!("Bearer {secret}")))[0]);

    for (status, headers) in [(404, ""), (302, "location: http://127.0.0.1:1/\r\n"), (429, "retry-after: 3600\r\n")] {
        let server = Server::start(move |_, _| Reply::Full(status, headers, String::new()));
        let (result, _) = fixture.ask(&server.oracle(), &questions()).await;
        assert!(result.unwrap_err().to_string().contains(&status.to_string()));
        assert_eq!(server.seen(|_| ()).len(), 1);
    }
}

#[tokio::test]
async fn a_service_that_is_not_there() {
    let fixture = Fixture::table().await;
    let oracle = service("http://127.0.0.1:1/answer").retries(1).pause(Duration::from_millis(5));
    let error = fixture.ask(&oracle, &questions()).await.0.unwrap_err().to_string();
    assert!(error.contains("2 times in a row") && error.contains("question 1"), "{error}");
    let (result, _) = fixture.ask(&oracle, &[question(1, 0, &[99])]).await;
    assert!(result.unwrap_err().to_string().contains("the id 99"));
    fixture.ask(&oracle, &[]).await.0.unwrap();
    fixture.ask(&oracle, &[question(1, 0, &[])]).await.0.unwrap();
}

#[tokio::test]
async fn whoever_stops_waiting_stops_the_requests() {
    let fixture = Fixture::table().await;
    let requests = Arc::new(AtomicUsize::new(0));
    let server = Server::start({
        let requests = requests.clone();
        move |_, _| {
            requests.fetch_add(1, Ordering::SeqCst);
            Reply::Full(500, "", String::new())
        }
    });
    let oracle = server.oracle().retries(1000).pause(Duration::from_millis(200));
    let questions = questions();
    let start = Instant::now();
    {
        let asking = fixture.ask(&oracle, &questions);
        tokio::pin!(asking);
        while requests.load(Ordering::SeqCst) == 0 {
            tokio::select! {
                _ = &mut asking => panic!("it goes on forever"),
                () = tokio::task::yield_now() => {}
            }
        }
    }
    std::thread::sleep(Duration::from_millis(500));
    assert!(requests.load(Ordering::SeqCst) <= 2 && start.elapsed() < Duration::from_secs(20));
}
