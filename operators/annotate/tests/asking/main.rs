//! The oracle over HTTP, as one of others and inside of others, and what happens when time is up.
#![allow(clippy::unwrap_used)]

mod access;
#[path = "../shared/http_client.rs"]
mod http_client;
mod late;
mod page;
#[path = "../shared/served.rs"]
#[allow(dead_code, reason = "other tests use the rest of it")]
mod served;
mod soak;
mod undo;
mod wrappers;
