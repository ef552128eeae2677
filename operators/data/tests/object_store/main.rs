//! Tests of sources in object stores, against a store and web server within the process that fails as it is told.
#![allow(clippy::unwrap_used)]

mod errors;
mod fixture;
mod read;
mod retries;
mod store_server;
