//! Decisions: candidates.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod candidates;
