//! What crosses crates: golden values, the exact optimum, crashes, bad input, graphs and other programs.
#![allow(clippy::unwrap_used)]

mod agreement;
mod ask;
mod bad_edges;
mod bad_samples;
mod bad_training;
mod bits;
mod child;
mod cli;
mod cli_asking;
mod closed_form_views;
mod components;
mod conflicts;
mod data;
mod decide;
mod disk_full;
mod extend;
mod formats;
mod fuzz_plan;
mod fuzzing;
mod graph;
#[path = "../operators/annotate/tests/shared/http_client.rs"]
mod http_client;
#[path = "fuzzing/json.rs"]
mod json;
mod lookup;
mod memory;
mod model_export;
mod objects;
mod optimum;
mod python;
mod resume;
mod resume_asking;
mod running;
mod settings;
mod sql;
#[path = "../operators/data/tests/object_store/store_server/mod.rs"]
mod store_server;
mod tables;
mod threads;
mod what_is_yours;
