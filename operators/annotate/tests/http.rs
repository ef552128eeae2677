//! The server without a browser: who is let in, what is refused, and the oracle that waits for answers.
#![allow(clippy::unwrap_used)]

#[path = "shared/http_client.rs"]
mod http_client;
#[path = "shared/served.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod served;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use http_client::{Response, request};
use relata_annotate::{AccessToken, PageConfig, Server, person};
use relata_data::index::Row;
use relata_data::source::session;
use relata_oracle::{Answer, Context, Cost, Oracle, Record};
use serde_json::{Value, json};
use served::Run;

const JSON: (&str, &str) = ("content-type", "application/json");

fn get(address: &str, path: &str) -> Response {
    request(address, "GET", path, &[], "").unwrap()
}

fn post(address: &str, path: &str, body: &Value) -> Response {
    request(address, "POST", path, &[JSON], &body.to_string()).unwrap()
}

/// The number of the next question for somebody.
fn next(address: &str, annotator: &str) -> Option<u64> {
    get(address, &format!("/api/next?annotator={annotator}")).json()["question"]["question"].as_u64()
}

#[test]
fn a_question_is_shown_without_rank_and_answered_once() {
    let run = Run::digits();
    run.ask(&[(0, &[1, 2, 3, 4, 5, 6, 7, 8])]);
    let server = run.serve(|_| {});
    let shown = get(&server.address, "/api/next?annotator=ada").json();
    let question = &shown["question"];
    assert_eq!((&question["question"], &question["anchor"]["id"]), (&json!(1), &json!("0")));
    let ids: Vec<u64> = question["candidates"].as_array().unwrap().iter().map(|card| id(&card["id"])).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_ne!(ids, sorted, "shown as it was ranked");
    assert!(!shown.to_string().contains("priority") && !shown.to_string().contains("test"), "{shown}");
    assert_eq!(get(&server.address, "/api/next?annotator=ada").json(), shown, "asked again, it is the same");

    let body = json!({ "question": 1, "annotator": "ada", "selected": ["3", 7], "anchor": "0" });
    for _ in 0..3 {
        assert_eq!(post(&server.address, "/api/answer", &body).json(), json!({ "recorded": true }));
    }
    let said = run.said();
    assert_eq!(said.len(), 8);
    for (question, annotator, candidate, related) in said {
        assert_eq!((question, &*annotator, related), (1, "ada", Some([3, 7].contains(&candidate))));
    }
    let answers = run.standing();
    assert!(answers.iter().all(|answer| answer.oracle == "person" && answer.cost == 1.0));
    assert_eq!(next(&server.address, "ada"), None);
}

#[test]
fn another_answer_to_a_question_that_was_answered_is_refused_rather_than_dropped() {
    let run = Run::digits();
    run.ask(&[(0, &[1, 2]), (3, &[4])]);
    let elsewhere = run.ledger.question(2).unwrap().unwrap();
    let imported = elsewhere.answers("imported", Cost::default(), |_| Some(true));
    let imported = imported.into_iter().map(|answer| Answer { annotator: "ada".to_owned(), ..answer });
    run.ledger.record(&imported.collect::<Vec<_>>()).unwrap();
    let server = run.serve(|settings| settings.annotators = 2);
    let answer = |question, selected: &[u64]| {
        let body = json!({ "question": question, "annotator": "ada", "selected": selected });
        post(&server.address, "/api/answer", &body)
    };
    assert_eq!((answer(1, &[2]).status, answer(1, &[2]).status), (200, 200));
    let other = answer(1, &[]);
    assert!(other.status == 409 && other.json().to_string().contains("take that answer back"));
    let elsewhere = answer(2, &[]);
    assert!(elsewhere.status == 409 && elsewhere.json().to_string().contains("another name"));
    let stands: Vec<_> = run.said().into_iter().map(|said| (said.2, said.3)).collect();
    assert_eq!(stands, [(1, Some(false)), (2, Some(true)), (4, Some(true))]);
    let undone = post(&server.address, "/api/undo", &json!({ "question": 77, "annotator": "ada" }));
    assert_eq!(undone.status, 404);
}

fn id(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn large_ids_come_back_whole() {
    let largest = u64::MAX - 1;
    let run = Run::notes(&format!("{largest},1,2,3,4,x,y\n{},1,2,3,4,x,y\n", largest - 1));
    run.ask(&[(largest, &[largest - 1])]);
    let server = run.serve(|_| {});
    let shown = get(&server.address, "/api/next?annotator=ada").json();
    assert_eq!(id(&shown["question"]["anchor"]["id"]), largest);
    let selected = &shown["question"]["candidates"][0]["id"];
    let body = json!({ "question": 1, "annotator": "ada", "selected": [selected] });
    assert_eq!(post(&server.address, "/api/answer", &body).status, 200);
    assert_eq!(run.said(), [(1, "ada".to_owned(), largest - 1, Some(true))]);
}

#[test]
fn undo_reopens_ones_own_last_answer_only() {
    let run = Run::digits();
    run.ask(&[(0, &[1, 2]), (3, &[4, 5]), (6, &[7, 8])]);
    let server = run.serve(|_| {});
    let answer = |who, question, selected: &[u64]| {
        let body = json!({ "question": question, "annotator": who, "selected": selected });
        assert_eq!(post(&server.address, "/api/answer", &body).status, 200);
    };
    let undo = |who, question, showing: Option<u64>| {
        let body = json!({ "question": question, "annotator": who, "showing": showing });
        post(&server.address, "/api/undo", &body)
    };
    assert_eq!((next(&server.address, "ada"), next(&server.address, "bob")), (Some(1), Some(2)));
    answer("bob", 2, &[4]);
    answer("ada", 1, &[2]);
    assert_eq!(next(&server.address, "ada"), Some(3));
    assert_eq!(undo("ada", 2, Some(3)).json()["selected"], json!([]), "it is bob's");
    assert_eq!(run.said().len(), 4);
    let undone = undo("ada", 1, Some(3)).json();
    assert_eq!(undone, json!({ "undone": 1, "selected": ["2"], "passed": false }));
    assert_eq!(undo("ada", 1, None).status, 200, "a repeated undo is harmless");
    assert_eq!(run.said().iter().map(|said| said.0).collect::<Vec<_>>(), [2, 2]);
    assert_eq!(next(&server.address, "ada"), Some(1));
    answer("ada", 1, &[]);
    assert_eq!(next(&server.address, "ada"), Some(3));
    answer("ada", 3, &[7]);
    assert_eq!(undo("ada", 1, None).status, 409, "not the last");
    assert_eq!(get(&server.address, "/api/next?annotator=ada").json()["undo"], json!(3));
}

#[test]
fn malformed_and_unknown_requests_are_refused_and_change_nothing() {
    let run = Run::digits();
    run.ask(&[(0, &[1, 2])]);
    let server = run.serve(|_| {});
    let body = |change: &dyn Fn(&mut Value)| {
        let mut body = json!({ "question": 1, "annotator": "ada", "selected": [1] });
        change(&mut body);
        body.to_string()
    };
    let wrong = [
        (404, body(&|b| b["question"] = json!(2)), "never asked"),
        (404, body(&|b| b["anchor"] = json!("5")), "never asked"),
        (422, body(&|b| b["selected"] = json!([1, 9])), "Sample 9 is not a candidate"),
        (422, body(&|b| b["selected"] = json!(["x"])), "id of a sample"),
        (422, body(&|b| b["selected"] = json!("1")), "selected"),
        (422, body(&|b| b["passed"] = json!(true)), "nothing selected"),
        (422, body(&|b| b["annotator"] = json!(" ")), "name of 1 to 64"),
        (422, body(&|b| b["annotator"] = json!("x".repeat(65))), "name of 1 to 64"),
        (422, body(&|b| b["score"] = json!(1)), "unknown field"),
        (422, body(&|b| drop(b.as_object_mut().unwrap().remove("selected"))), "missing field"),
        (422, body(&|b| b["question"] = json!(-1)), "invalid value"),
        (400, body(&|_| {})[..20].to_owned(), "JSON"),
        (400, String::new(), "JSON"),
        (413, body(&|b| b["annotator"] = json!("x".repeat(1 << 19))), "length limit"),
    ];
    for (status, body, reason) in wrong {
        let reply = request(&server.address, "POST", "/api/answer", &[JSON], &body).unwrap();
        let start = &body[..body.len().min(90)];
        assert_eq!(reply.status, status, "{start}: {}", reply.text());
        assert!(reply.json()["error"].as_str().unwrap().contains(reason), "{start}: {}", reply.text());
    }
    for path in ["/api/next", "/api/next?annotator=", "/api/next?annotator=%00", "/api/progress"] {
        assert_eq!(get(&server.address, path).status, 400, "{path}");
    }
    for path in ["/image/60.png", "/image/1", "/image/x.png", "/image/-1.png", "/nothing", "/image/..%2f..%2fx.png"] {
        assert_eq!(get(&server.address, path).status, 404, "{path}");
    }
    assert_eq!(get(&server.address, "/api/answer").status, 405);
    assert!(run.ledger.since(0).unwrap().is_empty());
}

#[test]
fn only_the_page_itself_under_its_own_name_may_ask() {
    let run = Run::digits();
    run.ask(&[(0, &[1, 2])]);
    let server = run.serve(|_| {});
    let body = json!({ "question": 1, "annotator": "eve", "selected": [1] }).to_string();
    let answer = |headers: &[(&str, &str)]| request(&server.address, "POST", "/api/answer", headers, &body).unwrap();
    assert_eq!(answer(&[JSON, ("host", "evil.example")]).status, 403);
    assert_eq!(answer(&[JSON, ("origin", "http://evil.example")]).status, 403);
    assert_eq!(answer(&[JSON, ("origin", "null")]).status, 403);
    assert_eq!(answer(&[JSON, ("sec-fetch-site", "same-site")]).status, 403);
    assert_eq!(answer(&[("content-type", "application/x-www-form-urlencoded")]).status, 415);
    assert_eq!(answer(&[("content-type", "text/plain")]).status, 415);
    assert!(run.ledger.since(0).unwrap().is_empty());
    let own = format!("http://{}", server.address);
    assert_eq!(answer(&[JSON, ("origin", &own), ("sec-fetch-site", "same-origin")]).status, 200);
    assert_eq!(run.said().len(), 2);

    let page = get(&server.address, "/");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'self'; img-src 'self' data:"), "{policy}");
    assert!(page.header("access-control-allow-origin").is_none());
    let script = "text/javascript; charset=utf-8";
    for (path, kind) in [
        ("/page.css", "text/css; charset=utf-8"),
        ("/connection.js", script),
        ("/cards.js", script),
        ("/page.js", script),
    ] {
        assert_eq!(get(&server.address, path).header("content-type"), Some(kind));
    }
}

#[test]
fn beyond_loopback_the_token_opens_the_page_and_then_the_cookie_does() {
    let run = Run::digits();
    run.ask(&[(0, &[1, 2])]);
    let server = run.serve(|settings| {
        settings.address = "0.0.0.0:0".to_owned();
        settings.token = Some(AccessToken::new("correct-horse"));
    });
    assert!(server.link.ends_with("/?token=correct-horse"), "{}", server.link);
    for path in ["/", "/?token=wrong-horse", "/page.js", "/api/next?annotator=eve", "/image/1.png?token=correct-horse"]
    {
        let reply = get(&server.address, path);
        assert_eq!(reply.status, 401, "{path}");
        assert!(reply.text().contains("Open the link") && !reply.text().contains("horse"));
    }
    let page = get(&server.address, "/?token=correct-horse");
    assert_eq!(page.status, 200);
    let cookie = page.header("set-cookie").unwrap();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"), "{cookie}");
    let pair = cookie.split(';').next().unwrap();
    let headers = [("host", "machine.example"), ("cookie", pair)];
    assert_eq!(request(&server.address, "GET", "/api/next?annotator=ada", &headers, "").unwrap().status, 200);
    assert!(request(&server.address, "GET", "/", &headers, "").unwrap().header("set-cookie").is_none());
}

#[test]
fn an_address_that_is_taken_and_a_column_that_is_missing_are_errors() {
    let run = Run::digits();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let bind = |settings| Server::bind(run.samples.clone(), run.ledger.clone(), settings).err().unwrap().to_string();
    let error = bind(PageConfig::new(&address));
    assert!(error.contains("free to listen on") && error.contains(&address), "{error}");
    let error = bind(PageConfig { show: vec!["nope".to_owned()], ..PageConfig::new("127.0.0.1:0") });
    assert!(error.contains("`nope`") && error.contains("id, label, split"), "{error}");
    assert!(bind(PageConfig { open: true, ..PageConfig::new("0.0.0.0:0") }).contains("`token` must be set"));
}

#[test]
fn the_oracle_waits_for_every_answer_or_for_somebody_who_ends_the_round() {
    let run = Arc::new(Run::digits());
    let questions = Arc::new(run.ask(&[(0, &[1, 2]), (3, &[4])]));
    // A free port; nothing else asks for this one in the moment until it is used.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let oracle = Arc::new(person(&*address).without_token().annotators(2).priced(1.0, 0.5));
    oracle.check().unwrap();
    // A round on a thread of its own, which a failed assertion here leaves behind.
    let wait = || {
        let (oracle, run, asked) = (oracle.clone(), run.clone(), questions.clone());
        let (ended, end) = channel();
        std::thread::spawn(move || {
            // A runtime without timers, as a pipeline's may be; it ends between the rounds.
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let session = session();
            let context = Context::new(&session, &run.samples, 0);
            let outcome = runtime.block_on(oracle.answer(&context, &asked, &run.ledger as &dyn Record));
            drop((oracle, run, asked));
            // Nobody listens after a failed assertion.
            let _ = ended.send(outcome);
        });
        end
    };
    let say = |question, who, passed| {
        let body = json!({ "question": question, "annotator": who, "selected": [], "passed": passed });
        // A round begins a moment after its thread does.
        let status = || post(&address, "/api/answer", &body).status;
        let wait = || std::thread::sleep(Duration::from_millis(20));
        let mut statuses = std::iter::repeat_with(status).take(500).inspect(|status| {
            if *status == 409 {
                wait()
            }
        });
        assert_eq!(statuses.find(|status| *status != 409), Some(200));
    };
    let finish = || post(&address, "/api/finish", &json!({ "annotator": "ada" }));
    let end = wait();
    while std::net::TcpStream::connect(&address).is_err() {
        std::thread::sleep(Duration::from_millis(10));
    }
    say(1, "ada", false);
    assert_eq!(finish().status, 409, "question 2 has no answer at all");
    say(2, "ada", true);
    assert_eq!(end.recv_timeout(Duration::from_millis(600)).unwrap_err(), RecvTimeoutError::Timeout);
    let progress = get(&address, "/api/progress?annotator=ada").json();
    assert_eq!((&progress["finishable"], &progress["yours"]), (&json!(true), &json!(2)), "{progress}");
    assert_eq!(finish().status, 200);
    end.recv_timeout(Duration::from_secs(30)).unwrap().unwrap();

    // The next round starts on the same server.
    assert_eq!(get(&address, "/api/progress?annotator=ada").json()["finishable"], json!(false));
    let end = wait();
    say(1, "bob", false);
    assert_eq!(end.recv_timeout(Duration::from_millis(600)).unwrap_err(), RecvTimeoutError::Timeout);
    say(2, "bob", false);
    end.recv_timeout(Duration::from_secs(30)).unwrap().unwrap();
    assert_eq!(run.ledger.spent().unwrap(), 2.0 * (1.0 + 2.0 * 0.5) + 2.0 * (1.0 + 0.5));
    drop(oracle);
    TcpListener::bind(&address).expect("the server ends with its oracle");
}

#[test]
fn images_are_pixels_and_progress_is_told() {
    let run = Run::digits();
    run.ask(&[(0, &[1, 2]), (3, &[4])]);
    let server = run.serve(|_| {});
    let picture = get(&server.address, "/image/5.png");
    assert_eq!(picture.header("content-type"), Some("image/png"));
    let picture = image::load_from_memory(&picture.body).unwrap().into_luma8();
    assert_eq!(picture.dimensions(), (128, 128));
    let mut values = [0.0; 64];
    run.samples.features.read(Row(5), &mut values).unwrap();
    for (x, y, pixel) in picture.enumerate_pixels() {
        let value = values[(y / 16 * 8 + x / 16) as usize];
        assert_eq!(pixel.0, [(value * 255.0).round() as u8], "{x} {y}");
    }
    let told = json!({ "round": 3, "lines": ["test accuracy 0.91 -> 0.94"], "known_pairs": 1234 });
    std::fs::write(run.folder.path().join("progress.json"), told.to_string()).unwrap();
    let body = json!({ "question": 1, "annotator": "ada", "selected": [] });
    assert_eq!(post(&server.address, "/api/answer", &body).status, 200);
    let expected = json!({
        "round": { "number": 1, "answered": 1, "questions": 2 }, "answered": 1, "questions": 2, "yours": 1,
        "finishable": false, "bought": told,
    });
    assert_eq!(get(&server.address, "/api/progress?annotator=ada").json(), expected);
}
