//! Soak: many people at once, for a while. Nobody gets an error, and everything is answered once.
//!
//! `RELATA_SOAK_SECONDS=600` is the whole test, which also tells how long replies take.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::http_client::request;
use crate::page::post;
use crate::served::Run;

const PEOPLE: usize = 50;

#[test]
fn fifty_people_at_once_get_no_error() {
    let seconds = std::env::var("RELATA_SOAK_SECONDS").ok().and_then(|text| text.parse().ok());
    let run = Run::digits();
    let candidates: Vec<u64> = (40..44).collect();
    let questions: Vec<(u64, &[u64])> =
        (0..if seconds.is_some() { 60_000 } else { 400 }).map(|at| (at % 40, &candidates[..])).collect();
    run.ask(&questions);
    let server = run.serve(|_| {});
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(2));
    let mut waits: Vec<Duration> = std::thread::scope(|scope| {
        let person = |who: usize| {
            let (address, mut waits) = (server.address.as_str(), Vec::new());
            let name = format!("person{who}");
            while Instant::now() < end {
                let start = Instant::now();
                let next = request(address, "GET", &format!("/api/next?annotator={name}"), &[], "").unwrap();
                waits.push(start.elapsed());
                assert_eq!(next.status, 200, "{}", next.text());
                let Some(question) = next.json()["question"]["question"].as_u64() else { break };
                let start = Instant::now();
                let answer = json!({ "question": question, "annotator": name, "selected": [] });
                let answered = post(address, "/api/answer", &answer);
                waits.push(start.elapsed());
                assert_eq!(answered.status, 200, "{}", answered.text());
            }
            waits
        };
        let people: Vec<_> = (0..PEOPLE).map(|who| scope.spawn(move || person(who))).collect();
        people.into_iter().flat_map(|person| person.join().unwrap()).collect()
    });
    waits.sort_unstable();
    let at = |share: f64| waits[((waits.len() - 1) as f64 * share) as usize];
    println!("{} requests, median {:?}, p99 {:?}, longest {:?}", waits.len(), at(0.5), at(0.99), at(1.0));
    let said = run.said();
    let mut once: Vec<_> = said.iter().map(|row| (row.0, row.2)).collect();
    once.sort_unstable();
    once.dedup();
    assert_eq!(once.len(), said.len(), "a question was answered twice");
    assert!(said.len() >= PEOPLE && said.len().is_multiple_of(4), "{}", said.len());
}
