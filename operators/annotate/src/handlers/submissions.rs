//! Handlers of POST requests: answers, undo, and the end of a round.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use axum::Json;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use relata_data::index::SampleId;
use relata_oracle::{Answer, Question, Record};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::oneshot;

use super::queries::{AnnotatorRequest, Reply};
use crate::annotator_name::AnnotatorName;
use crate::answer_index::AnswerIndex;
use crate::error::ApiError;
use crate::invitation::Invited;
use crate::json_id::JsonId;
use crate::pending_questions::Submission;
use crate::state::AppState;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AnswerRequest {
    question: u64,
    annotator: AnnotatorName,
    selected: BTreeSet<JsonId>,
    #[serde(default)]
    passed: bool,
    /// The anchor that was shown, against answers to a question of the same number in another run.
    anchor: Option<JsonId>,
}

impl AnswerRequest {
    fn about(&self, candidate: SampleId) -> Option<bool> {
        (!self.passed).then(|| self.selected.contains(&JsonId(candidate)))
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UndoRequest {
    question: u64,
    annotator: AnnotatorName,
    showing: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameRequest {
    group: JsonId,
    annotator: AnnotatorName,
    /// Nothing if it is not known.
    name: Option<AnnotatorName>,
}

/// `POST /api/name`: the name of a group, durable when the reply is sent.
pub(crate) async fn name(
    State(state): State<Arc<AppState>>,
    invited: Invited,
    request: Result<Json<NameRequest>, JsonRejection>,
) -> Reply {
    let Json(NameRequest { group, annotator, name }) = request?;
    invited.check(&annotator)?;
    let given = state.work(move |state| {
        let name = name.map(|name| name.name().to_owned());
        state.naming.give(group.0, name, annotator.name())
    });
    match given.await? {
        true => Ok(Json(json!({ "recorded": true }))),
        false => conflict("No name of this group is wanted any more: go on with the next."),
    }
}

/// `POST /api/answer`: durable when the reply is sent; again, it changes nothing.
pub(crate) async fn answer(
    State(state): State<Arc<AppState>>,
    invited: Invited,
    request: Result<Json<AnswerRequest>, JsonRejection>,
) -> Reply {
    let Json(request) = request?;
    invited.check(&request.annotator)?;
    // A page that is closed meanwhile does not stop what it has begun.
    let recorded = tokio::spawn(async move {
        let _changing = state.changing.lock().await;
        let name = request.annotator.name().to_owned();
        let answers = state.work(move |state| answers(state, &request)).await?;
        if !answers.is_empty() {
            record(&state, name, answers).await?;
        }
        Ok::<_, ApiError>(())
    });
    recorded.await.map_err(ApiError::internal)??;
    Ok(Json(json!({ "recorded": true })))
}

/// The answers in a request; none if they were given before.
fn answers(state: &AppState, request: &AnswerRequest) -> Result<Vec<Answer>, ApiError> {
    let name = request.annotator.name();
    let unknown = || {
        let reason = format!("Question {} was never asked here: load the page again.", request.question);
        ApiError::new(StatusCode::NOT_FOUND, reason)
    };
    let stored = state.ledger.question(request.question)?.ok_or_else(unknown)?;
    if request.anchor.is_some_and(|anchor| anchor.0 != stored.anchor) {
        return Err(unknown());
    }
    let question = state.question(request.question)?;
    if let Some(question) = &question {
        check(request, question)?;
    }
    // Asked about again, a question may have candidates without an answer.
    let is_answered = |index: &AnswerIndex| match &question {
        Some(question) => index.has_answered_all(name, question),
        None => index.has_answered(name, request.question),
    };
    if is_answered(&*state.index()?) {
        return match state.index()?.differs(name, request.question, |candidate| request.about(candidate)) {
            false => Ok(Vec::new()),
            true => conflict("You have answered this question already, and differently: take that answer back first."),
        };
    }
    let elsewhere =
        |candidate: SampleId| state.index().map(|index| !index.has_answered_about(name, request.question, candidate));
    for (candidate, annotator) in state.ledger.heard(request.question)? {
        if annotator == name && elsewhere(candidate)? {
            let reason = format!("`{name}` has answered this question elsewhere: answer it under another name.");
            return Err(ApiError::new(StatusCode::CONFLICT, reason));
        }
    }
    let Some(question) = question else {
        return Err(match state.pending.has_begun() {
            true => ApiError::new(StatusCode::CONFLICT, "The round ended before this answer came: it does not count."),
            // The page asks again: a run that was started again has its questions in a moment.
            false => ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "the questions are not there yet"),
        });
    };
    if state.is_too_late(&question, name)? {
        let reason = "The time for this question was over, and somebody else has answered it since, or has it now: go on with the next.";
        return Err(ApiError::new(StatusCode::CONFLICT, reason));
    }
    let (oracle, cost, moment) = (state.settings.oracle(), state.settings.cost, moment());
    let answers = question.answers(&oracle, cost, |candidate| request.about(candidate));
    let signed = answers.into_iter().map(|answer| Answer { annotator: name.to_owned(), answered_at: moment, ..answer });
    Ok(signed.collect())
}

fn conflict<T>(reason: &str) -> Result<T, ApiError> {
    Err(ApiError::new(StatusCode::CONFLICT, reason))
}

fn check(request: &AnswerRequest, question: &Question) -> Result<(), ApiError> {
    let wrong = |reason| Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, reason));
    if let Some(JsonId(other)) = request.selected.iter().find(|id| !question.candidates.contains(&id.0)) {
        return wrong(format!("Sample {other} is not a candidate of question {}.", request.question));
    }
    if request.passed && !request.selected.is_empty() {
        return wrong("Expected nothing selected in a question that is passed.".to_owned());
    }
    Ok(())
}

/// Now, and a moment that no other answers of this process have: the index knows them by it.
fn moment() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let now = now.as_micros() as i64;
    let last = LAST.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| Some(now.max(last + 1)));
    now.max(last.unwrap_or_else(|last| last) + 1)
}

/// Has answers recorded, by the oracle that waits for them if there is one.
async fn record(state: &Arc<AppState>, name: String, answers: Vec<Answer>) -> Result<(), ApiError> {
    if !state.for_oracle {
        return Ok(state.work(move |state| state.ledger.record(&answers)).await?);
    }
    let gone = || ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "nobody waits for answers any more");
    let (recorded, result) = oneshot::channel();
    let (question, person) = (answers[0].question, name.clone());
    let oracle = state.pending.oracle().ok_or_else(gone)?;
    oracle.send(Submission { name, answers, recorded }).map_err(|_| gone())?;
    // The call may end before the answers are taken in, and is not to wait for this way to it.
    drop(oracle);
    result.await.map_err(|_| gone())??;
    Ok(state.work(move |state| state.release(question, &person)).await?)
}

/// `POST /api/undo`: takes back one's own last answer; again, it changes nothing.
pub(crate) async fn undo(
    State(state): State<Arc<AppState>>,
    invited: Invited,
    request: Result<Json<UndoRequest>, JsonRejection>,
) -> Reply {
    let Json(UndoRequest { question, annotator, showing }) = request?;
    invited.check(&annotator)?;
    let _changing = state.changing.lock().await;
    state
        .work(move |state| {
            let name = annotator.name();
            if state.ledger.question(question)?.is_none() {
                let reason = format!("Question {question} was never asked here: load the page again.");
                return Err(ApiError::new(StatusCode::NOT_FOUND, reason));
            }
            let (selected, passed, written) = {
                let index = state.index()?;
                let answers = match index.last(name) {
                    Some((last, answers)) if last == question => answers,
                    _ if index.has_answered(name, question) => {
                        let reason = format!("Question {question} is not your last answer: load the page again.");
                        return Err(ApiError::new(StatusCode::CONFLICT, reason));
                    }
                    // Taken back already, and the reply was lost.
                    _ => return Ok(Json(json!({ "undone": question, "selected": [], "passed": false }))),
                };
                let selected = answers
                    .values()
                    .filter(|answer| answer.related == Some(true))
                    .map(|answer| JsonId(answer.candidate));
                let passed = answers.values().all(|answer| answer.related.is_none());
                (selected.collect::<Vec<_>>(), passed, index.annotators(name, question))
            };
            // What is shown now goes back first, or it would be kept for this person instead of the other one.
            if let Some(showing) = showing {
                state.release(showing, name)?;
            }
            for annotator in written {
                state.ledger.undo(question, &annotator)?;
            }
            // What an oracle around this one has held back is in no row.
            state.index()?.retract(name, question, |_| true);
            Ok(Json(json!({ "undone": question, "selected": selected, "passed": passed })))
        })
        .await
}

/// `POST /api/finish`: ends the round if every question has an answer.
pub(crate) async fn finish(
    State(state): State<Arc<AppState>>,
    who: Result<Json<AnnotatorRequest>, JsonRejection>,
) -> Reply {
    let Json(AnnotatorRequest { .. }) = who?;
    state
        .work(|state| {
            let open = state.unanswered()?;
            if open > 0 {
                let reason = format!("{open} questions have no answer yet.");
                return Err(ApiError::new(StatusCode::CONFLICT, reason));
            }
            state.pending.finish();
            Ok(Json(json!({ "finished": true })))
        })
        .await
}
