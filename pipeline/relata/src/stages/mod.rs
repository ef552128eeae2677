//! Stages of a run: ingest, relate, train, embed, evaluate and ask, each in a file of its own, and their order.

mod ask;
mod context;
mod decide;
mod draw;
mod embed;
mod embed_dataset;
mod evaluate;
mod export_model;
mod extend;
mod final_checkpoint;
mod ingest;
mod measurements;
mod model;
mod nearest_index;
mod order;
mod relate;
mod round_embeddings;
mod round_files;
mod spec;
mod train;
mod unused;
mod views;

pub(crate) use embed_dataset::same_shape;
pub(crate) use extend::{ExtendSpec, extend};
pub(crate) use model::Embedder;
pub(crate) use order::run;
pub(crate) use round_embeddings::all_unit_embeddings;
pub(crate) use spec::{Spec, Trainer};
