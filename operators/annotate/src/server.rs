//! Server of a run folder's page: its link and its routes.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};
use relata_active::ledger::Ledger;
use relata_data::source::Samples;
use relata_oracle::Result;

use crate::guarded_server::GuardedServer;
use crate::handlers::{assets, queries, submissions};
use crate::settings::PageConfig;
use crate::state::AppState;
use crate::token::AccessToken;

/// Serves the page of a run until `shutdown` is ready. `announce` gets a sentence with the link, as soon as there is one.
pub async fn serve(
    samples: Samples,
    ledger: Ledger,
    settings: PageConfig,
    announce: impl FnOnce(&str),
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    let server = Server::bind(samples, ledger, settings)?;
    announce(&server.invitation());
    server.run(shutdown).await
}

/// A server that listens, but does not answer yet.
pub struct Server {
    guarded: GuardedServer,
    state: Arc<AppState>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address()).finish_non_exhaustive()
    }
}

impl Server {
    /// Listens. People are asked every question of the ledger that has fewer answers than wished, whoever gave them, and
    /// their answers are written there. An error if a setting makes no sense, a column is not there or the address is
    /// taken.
    pub fn bind(samples: Samples, ledger: Ledger, settings: PageConfig) -> Result<Self> {
        Self::listen(samples, ledger, settings, false)
    }

    /// The same, where people are asked what an oracle is asked, and answer it.
    pub(crate) fn of_oracle(samples: Samples, ledger: Ledger, settings: PageConfig) -> Result<Self> {
        Self::listen(samples, ledger, settings, true)
    }

    fn listen(samples: Samples, ledger: Ledger, settings: PageConfig, for_oracle: bool) -> Result<Self> {
        settings.check()?;
        let token = settings.token.clone().or_else(|| (!settings.open).then(AccessToken::generate));
        let guarded = GuardedServer::bind(&settings.address, token)?.tls(settings.read_tls()?);
        let guarded = guarded.inviting(&settings.people()?);
        let state = Arc::new(AppState::new(samples, ledger, settings, for_oracle)?);
        Ok(Self { guarded, state })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.guarded.address()
    }

    /// The link that people open, with the token if there is one.
    pub fn link(&self) -> String {
        self.guarded.link()
    }

    /// Answers requests until `shutdown` is ready.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let router = Router::new()
            .route("/", get(assets::html))
            .route("/page.css", get(assets::css))
            .route("/connection.js", get(assets::connection))
            .route("/cards.js", get(assets::cards))
            .route("/page.js", get(assets::js))
            .route("/api/next", get(queries::next))
            .route("/api/progress", get(queries::progress))
            .route("/api/answer", post(submissions::answer))
            .route("/api/undo", post(submissions::undo))
            .route("/api/name", post(submissions::name))
            .route("/api/finish", post(submissions::finish))
            .route("/image/{file}", get(queries::picture))
            .with_state(self.state);
        self.guarded.run(router, shutdown).await
    }

    /// A sentence with the link, for whoever runs the server.
    pub fn invitation(&self) -> String {
        let elsewhere = match self.address().ip().is_unspecified() {
            true => " (elsewhere with this machine's name instead of localhost)",
            false => "",
        };
        let mut text =
            match self.guarded.personal_links().map(|(name, link)| format!("{name} at {link}")).collect::<Vec<_>>() {
                links if links.is_empty() => format!("Questions wait for people at {}{elsewhere}", self.link()),
                links => format!("Questions wait for {}{elsewhere}", links.join(", for ")),
            };
        if self.guarded.is_readable_on_the_way() {
            text +=
                ". The connection is not encrypted: give the page a certificate, or put a proxy that has one in front";
        }
        text
    }

    /// What its requests share.
    pub(crate) fn state(&self) -> &Arc<AppState> {
        &self.state
    }
}
