//! Phase of a connection: what happens on it, since when, and until when it may.
//!
//! A phase begins where the fact is known: in the service when a request is there ([`Phase::Answering`]) and answered
//! ([`Phase::Sending`]), in the [`Reply`] when hyper has taken all of it ([`Phase::Sent`]), and in the [`Watched`] stream
//! when the system has it too ([`Phase::Idle`] again).

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::limits::Limits;

/// What a connection is doing, since an instant.
#[derive(Clone, Copy)]
pub(super) enum Phase {
    /// There was no request yet: its headers or the TLS handshake are not complete.
    New(Instant),
    /// No request is in flight.
    Idle(Instant),
    /// A request is with its handler.
    Answering(Instant),
    /// A response is on its way.
    Sending(Instant),
    /// As `Sending`, and hyper has all of the response.
    Sent(Instant),
}

impl Phase {
    /// Waiting for the first request from now on.
    pub(super) fn new() -> Self {
        Self::New(Instant::now())
    }

    /// Waiting for the next request from now on.
    pub(super) fn idle() -> Self {
        Self::Idle(Instant::now())
    }

    /// Since when no request is in flight, if so.
    pub(super) fn idle_since(self) -> Option<Instant> {
        match self {
            Self::New(since) | Self::Idle(since) => Some(since),
            _ => None,
        }
    }

    fn deadline(self, limits: Limits) -> Instant {
        match self {
            Self::New(since) => since + limits.header,
            Self::Idle(since) => since + limits.keep_alive,
            // The service itself answers after `body`, and must be first.
            Self::Answering(since) => since + limits.body + limits.header,
            Self::Sending(since) | Self::Sent(since) => since + limits.body,
        }
    }
}

/// Ready when a phase has lasted too long.
pub(super) async fn overdue(mut phases: watch::Receiver<Phase>, limits: Limits) {
    loop {
        let deadline = phases.borrow_and_update().deadline(limits);
        if !matches!(timeout_at(deadline, phases.changed()).await, Ok(Ok(()))) {
            return;
        }
    }
}

/// A response's body that says when hyper has all of it, or wants no more.
pub(super) struct Reply {
    pub(super) body: Body,
    pub(super) phase: watch::Sender<Phase>,
}

impl HttpBody for Reply {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        self.phase.send_modify(|phase| {
            if let Phase::Sending(since) = *phase {
                *phase = Phase::Sent(since);
            }
        });
    }
}

/// A stream that says when a response has left: hyper flushes it only when its own buffers are empty.
pub(super) struct Watched<S> {
    pub(super) stream: S,
    pub(super) phase: watch::Sender<Phase>,
}

impl<S: Read + Unpin> Read for Watched<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: Write + Unpin> Write for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.stream).poll_flush(cx);
        if matches!(flushed, Poll::Ready(Ok(()))) {
            self.phase.send_if_modified(|phase| {
                let sent = matches!(phase, Phase::Sent(_));
                if sent {
                    *phase = Phase::idle();
                }
                sent
            });
        }
        flushed
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffers: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, buffers)
    }
}
