//! Connections: accepted under a cap and with time-outs, in plain text or TLS.
//!
//! A server that runs beside something else must not use up what that needs. So there are never more connections than
//! [`Limits`] allow, each has a deadline in every phase, and whoever is silent makes room for whoever is not.

mod limits;
mod phase;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::convert::Infallible;
use std::fmt;
use std::io;
use std::net::IpAddr;
use std::pin::pin;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::CONNECTION;
use axum::response::{IntoResponse, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{AbortHandle, Id, JoinSet};
use tokio::time::{Instant, sleep, timeout};
use tokio_rustls::TlsAcceptor;

pub(crate) use limits::Limits;
use phase::{Phase, Reply, Watched, overdue};

/// How long to wait before accepting again when it failed.
const PAUSE: Duration = Duration::from_millis(100);
/// How often to log the same trouble at most.
const REPEAT: Duration = Duration::from_secs(60);
/// Bytes of a request's headers at most, and of what hyper keeps of its body and of the response's.
const BUFFER: usize = 1 << 14;

/// Answers requests by a router, in HTTP/1.1 over plain text or TLS, until `shutdown` is ready. Then requests in flight have
/// `grace` to end. Everything ends with this future, even if it is dropped before.
///
/// At the cap, the connection that has been idle for longest is closed for a new one; if a request is in flight on all,
/// the new one is closed. Accepting goes on whatever happens; trouble is logged once a minute at most.
pub(crate) async fn serve(
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
    shutdown: impl Future<Output = ()>,
    grace: Duration,
) {
    let (ending, ended) = watch::channel(());
    let server = Server { tls, router, limits, ended };
    let mut connections = Connections { limits, open: HashMap::new(), tasks: JoinSet::new() };
    let mut trouble = Trouble::default();
    let mut shutdown = pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        connections.forget_ended();
        match accepted {
            Ok((stream, peer)) => {
                let peer = peer.ip().to_canonical();
                if connections.make_room(peer) {
                    connections.add(server.clone(), stream, peer);
                } else {
                    trouble.tell(format_args!("{peer} was turned away: all connections it may have are in use"));
                }
            }
            // The client gave up while it waited.
            Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
            // Nearly always file descriptors: give one back, and others may, too.
            Err(error) => {
                trouble.tell(format_args!("no connection can be accepted for now: {error}"));
                connections.close_longest_idle(|_| true);
                sleep(PAUSE).await;
            }
        }
    }
    drop((listener, ending));
    connections.close(grace).await;
}

/// What goes wrong with accepting, logged now and then.
#[derive(Default)]
struct Trouble {
    told: Option<Instant>,
}

impl Trouble {
    fn tell(&mut self, what: fmt::Arguments<'_>) {
        if self.told.is_none_or(|told| told.elapsed() >= REPEAT) {
            self.told = Some(Instant::now());
            tracing::warn!("{what}");
        }
    }
}

/// The connections that are open. Those that are dropped with it are closed.
struct Connections {
    limits: Limits,
    open: HashMap<Id, Open>,
    tasks: JoinSet<()>,
}

struct Open {
    peer: IpAddr,
    phase: watch::Receiver<Phase>,
    task: AbortHandle,
}

impl Connections {
    fn forget_ended(&mut self) {
        while let Some(ended) = self.tasks.try_join_next_with_id() {
            self.open.remove(&ended.map_or_else(|error| error.id(), |(id, ())| id));
        }
    }

    /// Whether there is room for one more connection of an address, if need be after closing one that is idle.
    fn make_room(&mut self, peer: IpAddr) -> bool {
        let share = if peer.is_loopback() { self.limits.connections } else { self.limits.connections.div_ceil(2) };
        if self.open.values().filter(|open| open.peer == peer).count() >= share {
            return self.close_longest_idle(|open| open.peer == peer);
        }
        self.open.len() < self.limits.connections || self.close_longest_idle(|_| true)
    }

    /// Closes the connection that has been idle for longest among some. False if there is none.
    fn close_longest_idle(&mut self, among: impl Fn(&Open) -> bool) -> bool {
        let some = self.open.iter().filter(|(_, open)| among(open));
        let idle = some.filter_map(|(id, open)| Some((open.phase.borrow().idle_since()?, *id)));
        let longest = idle.min_by_key(|(since, _)| *since).and_then(|(_, id)| self.open.remove(&id));
        longest.inspect(|open| open.task.abort()).is_some()
    }

    fn add(&mut self, server: Server, stream: TcpStream, peer: IpAddr) {
        let (sender, phase) = watch::channel(Phase::new());
        let task = self.tasks.spawn(server.attend(stream, sender));
        self.open.insert(task.id(), Open { peer, phase, task });
    }

    /// Closes those that are idle at once, and all others after a time at most.
    async fn close(mut self, grace: Duration) {
        for open in self.open.values().filter(|open| open.phase.borrow().idle_since().is_some()) {
            open.task.abort();
        }
        // Those that are left are dropped with the set.
        timeout(grace, async { while self.tasks.join_next().await.is_some() {} }).await.ok();
    }
}

/// What every connection needs.
#[derive(Clone)]
struct Server {
    tls: Option<TlsAcceptor>,
    router: Router,
    limits: Limits,
    /// Its sender is gone when the server ends.
    ended: watch::Receiver<()>,
}

impl Server {
    /// Serves a connection until it is closed, or has been in one phase for too long. Its errors are its client's.
    async fn attend(mut self, stream: TcpStream, phase: watch::Sender<Phase>) {
        // Responses are written at once, so that waiting for more only delays them.
        stream.set_nodelay(true).ok();
        let overdue = overdue(phase.subscribe(), self.limits);
        let talk = async {
            match self.tls.take() {
                None => self.talk(stream, phase).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        phase.send_replace(Phase::new());
                        self.talk(stream, phase).await;
                    }
                }
            }
        };
        tokio::select! {
            biased;
            () = talk => {}
            () = overdue => {}
        }
    }

    async fn talk(mut self, stream: impl AsyncRead + AsyncWrite + Unpin, phase: watch::Sender<Phase>) {
        let stream = Watched { stream: TokioIo::new(stream), phase: phase.clone() };
        let (router, limit) = (TowerToHyperService::new(self.router), self.limits.body);
        let service = service_fn(move |request: Request<Incoming>| {
            let phase = phase.clone();
            phase.send_replace(Phase::Answering(Instant::now()));
            let answer = timeout(limit, router.call(request));
            async move {
                let response = answer.await.unwrap_or_else(|_| Ok(too_late(limit)))?;
                phase.send_replace(Phase::Sending(Instant::now()));
                Ok::<_, Infallible>(response.map(|body| Reply { body, phase }))
            }
        });
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.header.max(self.limits.keep_alive))
            .max_buf_size(BUFFER);
        let mut connection = pin!(builder.serve_connection(stream, service));
        tokio::select! {
            _ = connection.as_mut() => return,
            _ = self.ended.changed() => connection.as_mut().graceful_shutdown(),
        }
        connection.await.ok();
    }
}

fn too_late(limit: Duration) -> Response {
    let text = format!("The request was not answered within {limit:?}. Try again.");
    // The rest of the request may never come.
    (StatusCode::REQUEST_TIMEOUT, [(CONNECTION, "close")], text).into_response()
}
