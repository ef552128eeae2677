//! Limits: what clients may use at most.

use std::time::Duration;

/// What clients may use at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections at a time, each of them a file descriptor. One address beyond loopback may have half of them.
    pub connections: usize,
    /// For the TLS handshake, and then for the headers of the first request: a connection that stays silent is closed after
    /// this time.
    pub header: Duration,
    /// Between two requests. Browsers keep connections for the next click, which may come after a while of looking.
    pub keep_alive: Duration,
    /// For a request from its headers to its answer, which is 408 then, and again for the client to take the response.
    /// Responses without an end are cut off there.
    pub body: Duration,
}

impl Default for Limits {
    /// 256 connections, 10 s, 75 s and 30 s.
    fn default() -> Self {
        Self {
            connections: 256,
            header: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            body: Duration::from_secs(30),
        }
    }
}
