//! Guarded server: requests are answered under the rules of [`Auth`], whatever they are about.

use std::fmt;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use relata_oracle::{OracleError, Result};
use tokio::sync::oneshot;

use crate::auth::{Auth, authenticate};
use crate::error::ApiError;
use crate::settings::PageConfig;
use crate::token::AccessToken;

/// How long open connections may take to end when the server does.
const GRACE: Duration = Duration::from_secs(1);
/// Bytes of a request at most.
const LARGEST: usize = 1 << 18;

/// A server that listens, but does not answer yet. On loopback it answers only requests that name a loopback host; beyond, a
/// token is required, which a link to `/` carries once and a cookie from then on, or which programs send as
/// `Authorization: Bearer TOKEN`. Changes are accepted as JSON from its own pages, and from programs.
///
/// ```
/// use axum::Router;
/// use axum::routing::get;
/// use relata_annotate::GuardedServer;
///
/// # tokio::runtime::Runtime::new().expect("a runtime").block_on(async {
/// let server = GuardedServer::bind("127.0.0.1:0", None)?;
/// assert!(server.link().starts_with("http://127.0.0.1:"));
/// server.run(Router::new().route("/", get(async || "hello")), async {}).await?;
/// assert!(GuardedServer::bind("0.0.0.0:0", None).is_err());
/// # Ok::<_, relata_oracle::OracleError>(())
/// # })?;
/// # Ok::<(), relata_oracle::OracleError>(())
/// ```
pub struct GuardedServer {
    listener: TcpListener,
    address: SocketAddr,
    /// The address that was asked for.
    asked: String,
    token: Option<AccessToken>,
}

impl fmt::Debug for GuardedServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GuardedServer").field("address", &self.address).finish_non_exhaustive()
    }
}

impl GuardedServer {
    /// Listens at a host and a port, such as `127.0.0.1:7878`; port 0 is any free one. An error if the address is taken or
    /// none, and beyond loopback if there is no token.
    pub fn bind(address: &str, token: Option<AccessToken>) -> Result<Self> {
        let settings = PageConfig { token, ..PageConfig::new(address) };
        settings.check()?;
        let listener = TcpListener::bind(&*settings.resolve()?).map_err(unusable(address))?;
        let bound = listener.local_addr().map_err(unusable(address))?;
        Ok(Self { listener, address: bound, asked: settings.address, token: settings.token })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link to its first page, with the token if there is one.
    pub fn link(&self) -> String {
        let token = self.token.as_ref().map(|token| format!("?token={}", token.reveal())).unwrap_or_default();
        let host = match self.address.ip() {
            ip if ip.is_unspecified() => format!("localhost:{}", self.address.port()),
            _ => self.address.to_string(),
        };
        format!("http://{host}/{token}")
    }

    /// Answers requests by a router until `shutdown` is ready.
    pub async fn run(self, router: Router, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let Self { listener, address, asked, token } = self;
        listener.set_nonblocking(true).map_err(unusable(&asked))?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(unusable(&asked))?;
        let auth = Arc::new(Auth::new(token, &asked, address.port()));
        let router = router
            .fallback(async || ApiError::new(StatusCode::NOT_FOUND, "There is no such page."))
            .layer(DefaultBodyLimit::max(LARGEST))
            .layer(from_fn_with_state(auth, authenticate));
        let (ending, ended) = oneshot::channel::<()>();
        let graceful = axum::serve(listener, router).with_graceful_shutdown(async move {
            shutdown.await;
            drop(ending);
        });
        tokio::select! {
            result = async { graceful.await } => result.map_err(unusable(&asked)),
            () = async { ended.await.ok(); tokio::time::sleep(GRACE).await } => Ok(()),
        }
    }
}

fn unusable(address: &str) -> impl Fn(std::io::Error) -> OracleError {
    let found = address.to_owned();
    move |error| {
        let expected = "free to listen on (another server may be running: stop it, or use another port)";
        OracleError::setting(crate::name::ORACLE, "address", expected, format!("`{found}`: {error}"))
    }
}
