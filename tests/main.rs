//! What crosses crates: golden values, the exact optimum, crashes, bad input, graphs and other programs.
#![allow(clippy::unwrap_used)]

mod ask;
mod bad_edges;
mod bad_samples;
mod bad_training;
mod child;
mod cli;
mod conflicts;
mod data;
mod disk_full;
mod formats;
mod graph;
mod memory;
mod optimum;
mod resume;
mod sql;
