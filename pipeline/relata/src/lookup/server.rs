//! Lookup server: records in, matches out, as JSON over HTTP.
//!
//! | request | reply |
//! | --- | --- |
//! | `GET /` | `run`, `rows` and `columns`: what records are looked up in, and what they may have |
//! | `POST /lookup` of a record as a JSON object, or an array of some | `answers`, one a record: `entity` (null for a new one), `probability` and `matches`, each with `id`, `probability`, `entity` and `weights` |
//!
//! A request that is refused has a status of 4xx and `{"error": "what to do"}`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use relata_annotate::{AccessToken, GuardedServer, Tls};
use serde_json::json;

use super::Lookup;
use crate::error::{PipelineError, Result};

/// A server that looks records up, under the rules of [`GuardedServer`]: on loopback, or with a token.
#[derive(Debug)]
pub struct LookupServer {
    guarded: GuardedServer,
    lookup: Arc<Lookup>,
}

impl LookupServer {
    /// Listens at an address such as `127.0.0.1:7879`.
    ///
    /// ```no_run
    /// use relata::lookup::{Lookup, LookupServer};
    /// use relata::prelude::*;
    ///
    /// # async fn example() -> relata::Result<()> {
    /// let lookup = Lookup::open(&Run::open("runs/people")?).await?;
    /// let server = LookupServer::bind(lookup, "127.0.0.1:7879", None)?;
    /// println!("curl -H 'content-type: application/json' -d '{{\"name\": \"Ann\"}}' {}lookup", server.link());
    /// server.run(std::future::pending()).await
    /// # }
    /// ```
    pub fn bind(lookup: Lookup, address: &str, token: Option<AccessToken>) -> Result<Self> {
        Ok(Self { guarded: GuardedServer::bind(address, token)?, lookup: Arc::new(lookup) })
    }

    /// Encrypts connections.
    pub fn tls(self, tls: Option<Tls>) -> Self {
        Self { guarded: self.guarded.tls(tls), ..self }
    }

    /// The link to it, with the token if there is one.
    pub fn link(&self) -> String {
        self.guarded.link()
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        self.guarded.address()
    }

    /// Answers requests until `shutdown` is ready.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let router = Router::new().route("/", get(about)).route("/lookup", post(find)).with_state(self.lookup);
        Ok(self.guarded.run(router, shutdown).await?)
    }
}

async fn about(State(lookup): State<Arc<Lookup>>) -> Response {
    Json(json!({ "run": lookup.run().name(), "rows": lookup.len(), "columns": lookup.columns() })).into_response()
}

async fn find(State(lookup): State<Arc<Lookup>>, body: Bytes) -> Response {
    let refuse = |status: StatusCode, error: String| (status, Json(json!({ "error": error }))).into_response();
    let Ok(text) = std::str::from_utf8(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "Expected JSON in UTF-8.".to_owned());
    };
    match lookup.find_json(text).await {
        Ok(answers) => Json(json!({ "answers": answers })).into_response(),
        // What can be wrong with a record; all else is ours, and only the log tells it.
        Err(PipelineError::Data(error)) => refuse(StatusCode::BAD_REQUEST, error.to_string()),
        Err(error) => {
            tracing::error!("{error}");
            refuse(StatusCode::INTERNAL_SERVER_ERROR, "The record could not be looked up: see the log.".to_owned())
        }
    }
}
