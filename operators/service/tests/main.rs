//! The oracle against servers that behave, misbehave, and count what they are asked.
#![allow(clippy::unwrap_used)]

mod dataset;
mod failures;
mod limits;
mod protocols;
mod resume;
mod server;
