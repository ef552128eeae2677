//! Requests of people to a page, and an oracle that waits for them.

use relata_registry::Description;
use std::net::TcpListener;
use std::thread::{Scope, ScopedJoinHandle, sleep};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use relata_data::index::SampleId;
use relata_data::source::session;
use relata_oracle::{Context, Oracle, Question, Record, Result};
use serde_json::{Value, json};

use crate::http_client::{Response, request};
use crate::served::Run;

const JSON: (&str, &str) = ("content-type", "application/json");

/// An address that is free; nothing else asks for this port in the moment until it is used.
pub fn free() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

/// What a page sends.
pub fn post(address: &str, path: &str, body: &Value) -> Response {
    request(address, "POST", path, &[JSON], &body.to_string()).unwrap()
}

/// What somebody is shown now: the question's number and its candidates, ascending.
pub fn shown(address: &str, who: &str) -> Option<(u64, Vec<u64>)> {
    let reply = request(address, "GET", &format!("/api/next?annotator={who}"), &[], "").ok()?.json();
    let number = reply["question"]["question"].as_u64()?;
    let candidates = reply["question"]["candidates"].as_array()?.iter();
    let mut candidates: Vec<u64> = candidates.map(|card| card["id"].as_str().unwrap().parse().unwrap()).collect();
    candidates.sort_unstable();
    Some((number, candidates))
}

/// Waits until somebody is shown a question.
pub fn awaits(address: &str, who: &str) -> (u64, Vec<u64>) {
    let start = Instant::now();
    loop {
        if let Some(shown) = shown(address, who) {
            return shown;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{who} is asked nothing at {address}");
        sleep(Duration::from_millis(20));
    }
}

/// Somebody answers; passes without a list.
pub fn say(address: &str, who: &str, question: u64, selected: Option<&[u64]>) -> Response {
    let passed = selected.is_none();
    let body = json!({
        "question": question, "annotator": who, "selected": selected.unwrap_or_default(), "passed": passed,
    });
    post(address, "/api/answer", &body)
}

/// Somebody answers, and the page says that it is written down.
pub fn says(address: &str, who: &str, question: u64, selected: Option<&[u64]>) {
    let reply = say(address, who, question, selected);
    assert_eq!(reply.status, 200, "{}", reply.text());
}

/// Asks an oracle from a thread of its own, on a runtime without timers as a pipeline's may be.
pub fn ask<'scope>(
    scope: &'scope Scope<'scope, '_>,
    run: &'scope Run,
    oracle: &'scope dyn Oracle,
    questions: &'scope [Question],
    out: &'scope dyn Record,
) -> ScopedJoinHandle<'scope, Result<()>> {
    scope.spawn(move || {
        let session = session();
        let context = Context::new(&session, &run.samples, 7);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(oracle.answer(&context, questions, out))
    })
}

/// An oracle that says yes about the candidates that it knows, and passes the others.
pub struct Knows(pub &'static [u64]);

#[async_trait]
impl Oracle for Knows {
    fn describe(&self) -> Description {
        Description::new("knows").with("candidates", self.0)
    }

    async fn answer(&self, _: &Context<'_>, questions: &[Question], out: &dyn Record) -> Result<()> {
        let related = |candidate: SampleId| self.0.contains(&candidate.0).then_some(true);
        questions.iter().try_for_each(|question| out.record(&question.answers("knows", self.cost(), related)))
    }
}
