//! The stages of a run: ingest, relate, train, embed, evaluate and ask, each in a file of its own, and their order.

mod ask;
mod context;
mod draw;
mod embed;
mod embed_new;
mod evaluate;
mod ingest;
mod measure;
mod model;
mod order;
mod relate;
mod round_embeddings;
mod rounds;
mod spec;
mod train;
mod views;

pub(crate) use order::run;
pub(crate) use spec::{Spec, Trainer};
