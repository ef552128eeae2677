//! What the page shows: the next question, its pictures, and how far all is.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use rand::seq::SliceRandom;
use relata_data::seed::stream;
use relata_data::sink::{self, enlarged, png};
use relata_oracle::Question;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::annotator::Annotator;
use crate::app::App;
use crate::bought::Bought;
use crate::refusal::Refusal;

const PURPOSE: u64 = 0x9e250;
/// Pixels that the longer side of a picture has at least.
const SIDE: u32 = 128;

/// The reply to a request of the page.
pub(crate) type Reply = Result<Json<Value>, Refusal>;

#[derive(Deserialize)]
pub(crate) struct Who {
    annotator: Annotator,
}

/// `GET /api/next`: the question that is kept for this person, or else the next one.
pub(crate) async fn next(State(app): State<Arc<App>>, who: Result<Query<Who>, QueryRejection>) -> Reply {
    let Query(Who { annotator }) = who?;
    let leased = app.work(move |app| {
        let question = app.lease(annotator.name())?;
        let last = app.board()?.last(annotator.name()).map(|(question, _)| question);
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

/// `GET /api/progress`.
pub(crate) async fn progress(State(app): State<Arc<App>>, who: Result<Query<Who>, QueryRejection>) -> Reply {
    let Query(Who { annotator }) = who?;
    app.work(move |app| {
        let standing = app.standing()?;
        Ok(Json(json!({
            "round": standing.round, "answered": standing.answered, "questions": standing.questions,
            "yours": app.board()?.count(annotator.name()), "finishable": standing.finishable,
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
