//! What people say: answers, what is taken back, and the end of a round.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use relata_oracle::{Answer, Question, Record};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;

use crate::annotator::Annotator;
use crate::api::{Reply, Who};
use crate::app::App;
use crate::calls::Given;
use crate::id::Id;
use crate::refusal::Refusal;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    question: u64,
    annotator: Annotator,
    selected: BTreeSet<Id>,
    #[serde(default)]
    passed: bool,
    /// The anchor that was shown, against answers to a question of the same number in another run.
    anchor: Option<Id>,
}

impl Said {
    fn about(&self, candidate: u64) -> Option<bool> {
        (!self.passed).then(|| self.selected.contains(&Id(candidate)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakenBack {
    question: u64,
    annotator: Annotator,
    showing: Option<u64>,
}

/// `POST /api/answer`: durable when the reply is sent; again, it changes nothing.
pub(crate) async fn answer(State(app): State<Arc<App>>, said: Result<Json<Said>, JsonRejection>) -> Reply {
    let Json(said) = said?;
    // A page that is closed meanwhile does not stop what it has begun.
    let recorded = tokio::spawn(async move {
        let _changing = app.changing.lock().await;
        let name = said.annotator.name().to_owned();
        let answers = app.work(move |app| answers(app, &said)).await?;
        if !answers.is_empty() {
            record(&app, name, answers).await?;
        }
        Ok::<_, Refusal>(())
    });
    recorded.await.map_err(Refusal::internal)??;
    Ok(Json(json!({ "recorded": true })))
}

/// The answers in what was said; none if it was said before.
fn answers(app: &App, said: &Said) -> Result<Vec<Answer>, Refusal> {
    let name = said.annotator.name();
    let unknown = || {
        let reason = format!("Question {} was never asked here: load the page again.", said.question);
        Refusal::new(StatusCode::NOT_FOUND, reason)
    };
    let stored = app.ledger.question(said.question)?.ok_or_else(unknown)?;
    if said.anchor.is_some_and(|anchor| anchor.0 != stored.anchor) {
        return Err(unknown());
    }
    let question = app.question(said.question)?;
    if let Some(question) = &question {
        check(said, question)?;
    }
    // Asked about again, a question may have candidates about which nothing was said.
    let is_said = |board: &crate::board::Board| match &question {
        Some(question) => board.has_said(name, question),
        None => board.stands(name, said.question),
    };
    if is_said(&*app.board()?) {
        return match app.board()?.differs(name, said.question, |candidate| said.about(candidate)) {
            false => Ok(Vec::new()),
            true => conflict("You have answered this question already, and differently: take that answer back first."),
        };
    }
    let elsewhere = |candidate: u64| app.board().map(|board| !board.has_said_about(name, said.question, candidate));
    for (candidate, annotator) in app.ledger.heard(said.question)? {
        if annotator == name && elsewhere(candidate)? {
            let reason = format!("`{name}` has answered this question elsewhere: answer it under another name.");
            return Err(Refusal::new(StatusCode::CONFLICT, reason));
        }
    }
    let Some(question) = question else {
        return Err(match app.calls.has_begun() {
            true => Refusal::new(StatusCode::CONFLICT, "The round ended before this answer came: it does not count."),
            // The page asks again: a run that was started again has its questions in a moment.
            false => Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "the questions are not there yet"),
        });
    };
    if app.is_too_late(&question, name)? {
        let reason =
            "The time for this question was over, and somebody else has answered it since: go on with the next.";
        return Err(Refusal::new(StatusCode::CONFLICT, reason));
    }
    let (oracle, cost, moment) = (app.settings.oracle(), app.settings.cost, moment());
    let answers = question.answers(&oracle, cost, |candidate| said.about(candidate));
    let signed = answers.into_iter().map(|answer| Answer { annotator: name.to_owned(), answered_at: moment, ..answer });
    Ok(signed.collect())
}

fn conflict<T>(reason: &str) -> Result<T, Refusal> {
    Err(Refusal::new(StatusCode::CONFLICT, reason))
}

fn check(said: &Said, question: &Question) -> Result<(), Refusal> {
    let wrong = |reason| Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, reason));
    if let Some(Id(other)) = said.selected.iter().find(|id| !question.candidates.contains(&id.0)) {
        return wrong(format!("Sample {other} is not a candidate of question {}.", said.question));
    }
    if said.passed && !said.selected.is_empty() {
        return wrong("Expected nothing selected in a question that is passed.".to_owned());
    }
    Ok(())
}

/// Now, and a moment that no other answers of this process have: the board knows them by it.
fn moment() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = now.as_micros() as i64;
    let last = LAST.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(now.max(last + 1)));
    now.max(last.unwrap_or_else(|last| last) + 1)
}

/// Has answers recorded, by the oracle that waits for them if there is one.
async fn record(app: &Arc<App>, name: String, answers: Vec<Answer>) -> Result<(), Refusal> {
    if !app.for_oracle {
        return Ok(app.work(move |app| app.ledger.record(&answers)).await?);
    }
    let gone = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "nobody waits for answers any more");
    let (recorded, result) = oneshot::channel();
    let (question, person) = (answers[0].question, name.clone());
    let oracle = app.calls.oracle().ok_or_else(gone)?;
    oracle.send(Given { name, answers, recorded }).map_err(|_| gone())?;
    // The call may end before the answers are taken in, and is not to wait for this way to it.
    drop(oracle);
    result.await.map_err(|_| gone())??;
    Ok(app.work(move |app| app.release(question, &person)).await?)
}

/// `POST /api/undo`: takes back one's own last answer; again, it changes nothing.
pub(crate) async fn undo(State(app): State<Arc<App>>, request: Result<Json<TakenBack>, JsonRejection>) -> Reply {
    let Json(TakenBack { question, annotator, showing }) = request?;
    let _changing = app.changing.lock().await;
    app.work(move |app| {
        let name = annotator.name();
        if app.ledger.question(question)?.is_none() {
            let reason = format!("Question {question} was never asked here: load the page again.");
            return Err(Refusal::new(StatusCode::NOT_FOUND, reason));
        }
        let (selected, passed, written) = {
            let board = app.board()?;
            let said = match board.last(name) {
                Some((last, said)) if last == question => said,
                _ if board.stands(name, question) => {
                    let reason = format!("Question {question} is not your last answer: load the page again.");
                    return Err(Refusal::new(StatusCode::CONFLICT, reason));
                }
                // Taken back already, and the reply was lost.
                _ => return Ok(Json(json!({ "undone": question, "selected": [], "passed": false }))),
            };
            let selected =
                said.values().filter(|answer| answer.related == Some(true)).map(|answer| Id(answer.candidate));
            let passed = said.values().all(|answer| answer.related.is_none());
            (selected.collect::<Vec<_>>(), passed, board.annotators(name, question))
        };
        // What is shown now goes back first, or it would be kept for this person instead of the other one.
        if let Some(showing) = showing {
            app.release(showing, name)?;
        }
        for annotator in written {
            app.ledger.undo(question, &annotator)?;
        }
        // What an oracle around this one has held back is in no row.
        app.board()?.take_back(name, question, |_| true);
        Ok(Json(json!({ "undone": question, "selected": selected, "passed": passed })))
    })
    .await
}

/// `POST /api/finish`: ends the round if every question has an answer.
pub(crate) async fn finish(State(app): State<Arc<App>>, who: Result<Json<Who>, JsonRejection>) -> Reply {
    let Json(Who { .. }) = who?;
    app.work(|app| {
        let open = app.unanswered()?;
        if open > 0 {
            let reason = format!("{open} questions have no answer yet.");
            return Err(Refusal::new(StatusCode::CONFLICT, reason));
        }
        app.calls.finish();
        Ok(Json(json!({ "finished": true })))
    })
    .await
}
