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

use crate::annotator_name::AnnotatorName;
use crate::auth::{Auth, authenticate};
use crate::connections::{self, Limits};
use crate::error::ApiError;
use crate::invitation::Invitation;
use crate::settings::PageConfig;
use crate::tls::Tls;
use crate::token::AccessToken;

/// How long open connections may take to end when the server does.
const GRACE: Duration = Duration::from_secs(1);
/// Bytes of a request at most.
const LARGEST: usize = 1 << 18;

/// A server that listens, but does not answer yet. Without a token, which is possible on loopback alone, it answers only
/// requests that name a loopback host. A link to `/` carries the token once and a cookie from then on; programs send it as
/// `Authorization: Bearer TOKEN`. Changes are accepted as JSON from its own pages, and from programs.
///
/// There are at most 256 connections at a time. One that is silent for 10 seconds, or 75 seconds after a request, is closed,
/// and earlier where another needs its place; a request that is not there and answered within 30 seconds is refused.
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
    invitations: Vec<Invitation>,
    tls: Option<Tls>,
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
        let settings = PageConfig { open: token.is_none(), token, ..PageConfig::new(address) };
        settings.check()?;
        let listener = TcpListener::bind(&*settings.resolve()?).map_err(unusable(address))?;
        let bound = listener.local_addr().map_err(unusable(address))?;
        let (asked, token) = (settings.address, settings.token);
        Ok(Self { listener, address: bound, asked, token, invitations: vec![], tls: None })
    }

    /// Encrypts connections.
    pub fn tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }

    /// Lets nobody in but these people, each with a link of their own; nobody in particular if there are none. The links
    /// follow from the token and the names, so that they are the same another day.
    pub(crate) fn inviting(self, names: &[AnnotatorName]) -> Self {
        let secret = self.token.clone().unwrap_or_else(AccessToken::generate);
        let invite =
            |name: &AnnotatorName| Invitation { name: name.name().to_owned(), token: secret.of_person(name.name()) };
        Self { invitations: names.iter().map(invite).collect(), ..self }
    }

    /// The link of each person who is invited.
    pub(crate) fn personal_links(&self) -> impl Iterator<Item = (&str, String)> {
        self.invitations.iter().map(|Invitation { name, token }| {
            let given = name.bytes().map(|byte| match byte.is_ascii_alphanumeric() {
                true => char::from(byte).to_string(),
                false => format!("%{byte:02X}"),
            });
            (name.as_str(), format!("{}?token={}&name={}", self.root(), token.reveal(), given.collect::<String>()))
        })
    }

    /// Whether what is sent can be read on the way: beyond this machine, and without TLS.
    pub fn is_readable_on_the_way(&self) -> bool {
        self.tls.is_none() && !self.address.ip().is_loopback()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link to its first page, with the token if there is one.
    pub fn link(&self) -> String {
        let token = self.token.as_ref().map(|token| format!("?token={}", token.reveal())).unwrap_or_default();
        self.root() + &token
    }

    fn root(&self) -> String {
        let host = match self.address.ip() {
            ip if ip.is_unspecified() => format!("localhost:{}", self.address.port()),
            _ => self.address.to_string(),
        };
        format!("{}://{host}/", if self.tls.is_some() { "https" } else { "http" })
    }

    /// Answers requests by a router until `shutdown` is ready.
    pub async fn run(self, router: Router, shutdown: impl Future<Output = ()> + Send + 'static) -> Result<()> {
        let Self { listener, address, asked, token, invitations, tls } = self;
        listener.set_nonblocking(true).map_err(unusable(&asked))?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(unusable(&asked))?;
        let auth = Auth::new(token, &asked, address.port()).inviting(invitations).secure(tls.is_some());
        let router = router
            .fallback(async || ApiError::new(StatusCode::NOT_FOUND, "There is no such page."))
            .layer(DefaultBodyLimit::max(LARGEST))
            .layer(from_fn_with_state(Arc::new(auth), authenticate));
        let acceptor = tls.map(|tls| tls.acceptor());
        connections::serve(listener, acceptor, router, Limits::default(), shutdown, GRACE).await;
        Ok(())
    }
}

fn unusable(address: &str) -> impl Fn(std::io::Error) -> OracleError {
    let found = address.to_owned();
    move |error| {
        let expected = "free to listen on (another server may be running: stop it, or use another port)";
        OracleError::setting(crate::name::ORACLE, "address", expected, format!("`{found}`: {error}"))
    }
}
