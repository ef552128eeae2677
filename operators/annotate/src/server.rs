//! Server of a run folder's page: its address, its link and its routes.

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use relata_active::ledger::Ledger;
use relata_data::source::Samples;
use relata_oracle::{OracleError, Result};
use tokio::sync::oneshot;

use crate::auth::{Auth, authenticate};
use crate::error::ApiError;
use crate::handlers::{assets, queries, submissions};
use crate::settings::PageConfig;
use crate::state::AppState;

/// How long open connections may take to end when the server does.
const GRACE: Duration = Duration::from_secs(1);
/// Bytes of a request at most.
const LARGEST: usize = 1 << 18;

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
    listener: TcpListener,
    address: SocketAddr,
    auth: Arc<Auth>,
    state: Arc<AppState>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
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
        let listener = TcpListener::bind(&*settings.resolve()?).map_err(unusable(&settings.address))?;
        let address = listener.local_addr().map_err(unusable(&settings.address))?;
        let auth = Arc::new(Auth::new(settings.token.clone(), &settings.address, address.port()));
        let state = Arc::new(AppState::new(samples, ledger, settings, for_oracle)?);
        Ok(Self { listener, address, auth, state })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link that people open, with the token if there is one.
    pub fn link(&self) -> String {
        let token = self.state.settings.token.as_ref();
        let token = token.map(|token| format!("?token={}", token.reveal())).unwrap_or_default();
        let host = match self.address.ip() {
            ip if ip.is_unspecified() => format!("localhost:{}", self.address.port()),
            _ => self.address.to_string(),
        };
        format!("http://{host}/{token}")
    }

    /// Answers requests until `shutdown` is ready.
    pub async fn run(self, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let address = &self.state.settings.address;
        self.listener.set_nonblocking(true).map_err(unusable(address))?;
        let listener = tokio::net::TcpListener::from_std(self.listener).map_err(unusable(address))?;
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
            .fallback(async || ApiError::new(StatusCode::NOT_FOUND, "There is no such page."))
            .layer(DefaultBodyLimit::max(LARGEST))
            .layer(from_fn_with_state(self.auth, authenticate))
            .with_state(self.state.clone());
        let (ending, ended) = oneshot::channel::<()>();
        let graceful = axum::serve(listener, router).with_graceful_shutdown(async move {
            shutdown.await;
            drop(ending);
        });
        tokio::select! {
            result = async { graceful.await } => result.map_err(unusable(address)),
            () = async { ended.await.ok(); tokio::time::sleep(GRACE).await } => Ok(()),
        }
    }

    /// A sentence with the link, for whoever runs the server.
    pub fn invitation(&self) -> String {
        let elsewhere = match self.address.ip().is_unspecified() {
            true => " (elsewhere with this machine's name instead of localhost)",
            false => "",
        };
        format!("Questions wait for people at {}{elsewhere}", self.link())
    }

    /// What its requests share.
    pub(crate) fn state(&self) -> &Arc<AppState> {
        &self.state
    }
}

fn unusable(address: &str) -> impl Fn(std::io::Error) -> OracleError {
    let found = address.to_owned();
    move |error| {
        let expected = "free to listen on (another server may be running: stop it, or use another port)";
        OracleError::setting(crate::name::ORACLE, "address", expected, format!("`{found}`: {error}"))
    }
}
