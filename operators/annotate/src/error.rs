//! Errors of the HTTP API: a status and a sentence that says what to do.

use axum::Json;
use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use relata_active::ActiveError;
use relata_oracle::OracleError;
use serde_json::json;

/// The reply to a request that is not fulfilled.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    error: String,
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, error: impl Into<String>) -> Self {
        Self { status, error: error.into() }
    }

    /// As a page of text, for somebody who opened the page itself.
    pub(crate) fn into_page(self) -> Response {
        (self.status, self.error).into_response()
    }

    /// Something failed on our side. What it is, with paths and all, is for whoever runs the server, who reads of it in
    /// the log.
    pub(crate) fn internal(error: impl std::fmt::Display) -> Self {
        tracing::error!("{error}");
        let told = "Something went wrong where the page is served, and nothing was recorded: whoever runs it reads more in its log.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, told)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "error": self.error }))).into_response()
    }
}

impl From<OracleError> for ApiError {
    fn from(error: OracleError) -> Self {
        Self::internal(error)
    }
}

impl From<ActiveError> for ApiError {
    fn from(error: ActiveError) -> Self {
        Self::internal(error)
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::new(rejection.status(), rejection.body_text())
    }
}
