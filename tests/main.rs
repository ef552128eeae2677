//! What crosses crates: golden values, crashes, bad input, graphs, SQL, other programs and memory.
#![allow(clippy::unwrap_used)]

mod bad_edges;
mod bad_samples;
mod bad_training;
mod child;
mod conflicts;
mod data;
mod disk_full;
mod golden;
mod graph;
mod losses;
mod resume;
mod twins;
