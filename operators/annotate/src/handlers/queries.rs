//! Handlers of GET requests: the next question, its pictures, and the progress.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use rand::seq::SliceRandom;
use relata_data::index::SampleId;
use relata_data::picture::{self, enlarged, png};
use relata_data::seed::Purpose;
use relata_oracle::Question;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::annotator_name::AnnotatorName;
use crate::error::ApiError;
use crate::invitation::Invited;
use crate::json_id::JsonId;
use crate::progress::RoundReport;
use crate::state::AppState;

/// Pixels that the longer side of a picture has at least.
const SIDE: u32 = 128;

/// The reply to a request of the page.
pub(crate) type Reply = Result<Json<Value>, ApiError>;

#[derive(Deserialize)]
pub(crate) struct AnnotatorRequest {
    annotator: AnnotatorName,
}

/// `GET /api/next`: the question that is kept for this person, or else the next one.
pub(crate) async fn next(
    State(state): State<Arc<AppState>>,
    invited: Invited,
    who: Result<Query<AnnotatorRequest>, QueryRejection>,
) -> Reply {
    let Query(AnnotatorRequest { annotator }) = who?;
    invited.check(&annotator)?;
    if let Some((asked, done, of)) = state.naming.next() {
        let members = state.cards.of(&asked.members).await?;
        let names = state.naming.names();
        let group = JsonId(asked.group);
        let naming = json!({ "group": group, "members": members, "done": done, "of": of, "names": names });
        return Ok(Json(json!({ "question": null, "undo": null, "naming": naming })));
    }
    let leased = state.work(move |state| {
        let question = state.lease(annotator.name())?;
        let last = state.index()?.last(annotator.name()).map(|(question, _)| question);
        Ok::<_, ApiError>((question, last))
    });
    let (question, last) = leased.await?;
    let Some(question) = question else {
        return Ok(Json(json!({ "question": null, "undo": last })));
    };
    let order = [vec![question.anchor], shuffled(&question)].concat();
    let cards = state.cards.of(&order).await?;
    let shown = json!({
        "question": question.question, "text": state.settings.question_text, "anchor": cards[0], "candidates": cards[1..],
    });
    Ok(Json(json!({ "question": shown, "undo": last })))
}

/// `GET /api/progress`.
pub(crate) async fn progress(
    State(state): State<Arc<AppState>>,
    who: Result<Query<AnnotatorRequest>, QueryRejection>,
) -> Reply {
    let Query(AnnotatorRequest { annotator }) = who?;
    state
        .work(move |state| {
            let progress = state.progress()?;
            Ok(Json(json!({
                "round": progress.round, "answered": progress.answered, "questions": progress.questions,
                "yours": state.index()?.count(annotator.name()), "finishable": progress.finishable,
                "bought": RoundReport::read(state.ledger.folder()),
            })))
        })
        .await
}

/// `GET /image/ID.png`.
pub(crate) async fn picture(
    State(state): State<Arc<AppState>>,
    Path(file): Path<String>,
) -> Result<Response, ApiError> {
    let id = file.strip_suffix(".png").and_then(|id| id.parse().ok()).map(SampleId);
    let samples = state.cards.samples();
    let row = id.and_then(|id| samples.ids.row(id));
    let picture = row.map(|row| picture::picture(&samples.features, row)).transpose();
    match picture.map_err(ApiError::internal)?.flatten() {
        Some(picture) => Ok(([(CONTENT_TYPE, "image/png")], png(&enlarged(&picture, SIDE))).into_response()),
        None => Err(ApiError::new(StatusCode::NOT_FOUND, format!("There is no image `{file}`."))),
    }
}

/// The candidates in an order of the question's own, which does not tell how they were ranked.
fn shuffled(question: &Question) -> Vec<SampleId> {
    let mut candidates = question.candidates.clone();
    candidates.shuffle(&mut Purpose::CandidateOrder.stream(question.question, &[question.anchor.0]));
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
            anchor: SampleId(99),
            candidates: (0..10).map(SampleId).collect(),
            strategy: String::new(),
            priority: 0.0,
        };
        let mut places = [0; 10];
        for number in 0..2000 {
            let order = shuffled(&question(number));
            assert_eq!(order, shuffled(&question(number)));
            places[order.iter().position(|&id| id == SampleId(0)).unwrap()] += 1;
        }
        // Uniform: 200 each, with a standard deviation of 13.
        assert!(places.iter().all(|&count| (140..260).contains(&count)), "{places:?}");
    }
}
