//! Limits: what clients may use at most.

use std::time::Duration;

/// What clients may use at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections at a time, each of them a file descriptor. One address beyond loopback may have half of them.
    pub connections: usize,
    /// For the TLS handshake, and then for a request's headers. As a connection without a request waits for headers, it is
    /// closed after this time.
    pub header: Duration,
    /// For a request from its headers to its answer, which is 408 then, and again for the client to take the response.
    /// Responses without an end are cut off there.
    pub body: Duration,
}

impl Default for Limits {
    /// 256 connections, 10 s and 30 s.
    fn default() -> Self {
        Self { connections: 256, header: Duration::from_secs(10), body: Duration::from_secs(30) }
    }
}
