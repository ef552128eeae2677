//! What the page asks of the server.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use rand::seq::SliceRandom;
use relata_operators::oracle::{Answer, Question};
use relata_operators::seed::stream;
use relata_operators::sink::{self, enlarged, png};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::annotator::Annotator;
use crate::app::App;
use crate::bought::Bought;
use crate::id::Id;
use crate::refusal::Refusal;

const PURPOSE: u64 = 0x9e250;
/// Pixels that the longer side of a picture has at least.
const SIDE: u32 = 128;

type Reply = Result<Json<Value>, Refusal>;

#[derive(Deserialize)]
pub(crate) struct Who {
    annotator: Annotator,
}

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakenBack {
    question: u64,
    annotator: Annotator,
    showing: Option<u64>,
}

/// `GET /api/next`: the question that is kept for this person, or else the next one.
pub(crate) async fn next(State(app): State<Arc<App>>, who: Result<Query<Who>, QueryRejection>) -> Reply {
    let Query(Who { annotator }) = who?;
    let leased = app.work(move |app| {
        let settings = &app.settings;
        let question = app.ledger.lease(annotator.name(), settings.annotators, settings.lease)?;
        let last = app.board()?.last(annotator.name()).map(|said| said.question);
        Ok::<_, Refusal>((question, last))
    });
    let (question, last) = leased.await?;
    let Some(question) = question else {
        return Ok(Json(json!({ "question": null, "undo": last })));
    };
    let order = [vec![question.anchor], shuffled(&question)].concat();
    let cards = app.cards.of(&order).await?;
    let shown = json!({
        "question": question.question, "text": app.settings.question, "anchor": cards[0], "candidates": cards[1..],
    });
    Ok(Json(json!({ "question": shown, "undo": last })))
}

/// `POST /api/answer`: durable when the reply is sent; again, it changes nothing.
pub(crate) async fn answer(State(app): State<Arc<App>>, said: Result<Json<Said>, JsonRejection>) -> Reply {
    let Json(said) = said?;
    app.work(move |app| {
        let question = app.ledger.question(said.question)?;
        let Some(question) = question.filter(|known| said.anchor.is_none_or(|anchor| anchor.0 == known.anchor)) else {
            let reason = format!("Question {} was never asked here: load the page again.", said.question);
            return Err(Refusal::new(StatusCode::NOT_FOUND, reason));
        };
        let wrong = |reason| Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, reason));
        if let Some(Id(other)) = said.selected.iter().find(|id| !question.candidates.contains(&id.0)) {
            return wrong(format!("Sample {other} is not a candidate of question {}.", said.question));
        }
        if said.passed && !said.selected.is_empty() {
            return wrong("Expected nothing selected in a question that is passed.".to_owned());
        }
        let answers = question.candidates.iter().map(|&candidate| {
            let related = (!said.passed).then(|| said.selected.contains(&Id(candidate)));
            let answer = Answer::now(&question, candidate, related, crate::person::ORACLE, app.settings.cost);
            Answer { annotator: said.annotator.name().to_owned(), ..answer }
        });
        app.ledger.record(&answers.collect::<Vec<_>>())?;
        Ok(Json(json!({ "recorded": true })))
    })
    .await
}

/// `POST /api/undo`: takes back one's own last answer; again, it changes nothing.
pub(crate) async fn undo(State(app): State<Arc<App>>, request: Result<Json<TakenBack>, JsonRejection>) -> Reply {
    let Json(TakenBack { question, annotator, showing }) = request?;
    app.work(move |app| {
        let name = annotator.name();
        let board = app.board()?;
        let last = match board.last(name) {
            Some(said) if said.question == question => said.clone(),
            _ if board.stands(name, question) => {
                let reason = format!("Question {question} is not your last answer: load the page again.");
                return Err(Refusal::new(StatusCode::CONFLICT, reason));
            }
            // Taken back already, and the reply was lost.
            _ => return Ok(Json(json!({ "undone": question, "selected": [], "passed": false }))),
        };
        // What is shown now goes back first, or it would be kept for this person instead of the other one.
        if let Some(showing) = showing {
            app.ledger.release(showing, name)?;
        }
        app.ledger.undo(question, name)?;
        let selected: Vec<Id> = last.selected.into_iter().map(Id).collect();
        Ok(Json(json!({ "undone": question, "selected": selected, "passed": last.passed })))
    })
    .await
}

/// `POST /api/finish`: ends the round if every question has an answer.
pub(crate) async fn finish(State(app): State<Arc<App>>, who: Result<Json<Who>, JsonRejection>) -> Reply {
    let Json(Who { .. }) = who?;
    app.work(|app| {
        let open = app.ledger.unanswered(1)?.len();
        if open > 0 {
            let reason = format!("{open} questions have no answer yet.");
            return Err(Refusal::new(StatusCode::CONFLICT, reason));
        }
        app.finish();
        Ok(Json(json!({ "finished": true })))
    })
    .await
}

/// `GET /api/progress`.
pub(crate) async fn progress(State(app): State<Arc<App>>, who: Result<Query<Who>, QueryRejection>) -> Reply {
    let Query(Who { annotator }) = who?;
    app.work(move |app| {
        let open = app.ledger.unanswered(app.settings.annotators)?;
        let finishable = app.is_awaited() && !open.is_empty() && app.ledger.unanswered(1)?.is_empty();
        let board = app.board()?;
        let questions = board.questions();
        Ok(Json(json!({
            "round": board.round(&open), "answered": questions.saturating_sub(open.len()), "questions": questions,
            "yours": board.count(annotator.name()), "finishable": finishable,
            "bought": Bought::read(app.ledger.folder()),
        })))
    })
    .await
}

/// `GET /image/ID.png`.
pub(crate) async fn picture(State(app): State<Arc<App>>, Path(file): Path<String>) -> Result<Response, Refusal> {
    let id = file.strip_suffix(".png").and_then(|id| id.parse().ok());
    let samples = app.cards.samples();
    let row = id.and_then(|id| samples.ids.row(id));
    match row.and_then(|row| sink::picture(&samples.features, row as usize)) {
        Some(picture) => Ok(([(CONTENT_TYPE, "image/png")], png(&enlarged(&picture, SIDE))).into_response()),
        None => Err(Refusal::new(StatusCode::NOT_FOUND, format!("There is no image `{file}`."))),
    }
}

/// The candidates in an order of the question's own, which does not tell how they were ranked.
fn shuffled(question: &Question) -> Vec<u64> {
    let mut candidates = question.candidates.clone();
    candidates.shuffle(&mut stream(question.question, &[PURPOSE, question.anchor]));
    candidates
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_repeats_and_does_not_follow_the_ranking() {
        let question = |question| Question {
            question,
            round: 1,
            anchor: 99,
            candidates: (0..10).collect(),
            strategy: String::new(),
            priority: 0.0,
        };
        let mut places = [0; 10];
        for number in 0..2000 {
            let order = shuffled(&question(number));
            assert_eq!(order, shuffled(&question(number)));
            places[order.iter().position(|&id| id == 0).unwrap()] += 1;
        }
        // Uniform: 200 each, with a standard deviation of 13.
        assert!(places.iter().all(|&count| (140..260).contains(&count)), "{places:?}");
    }
}
