//! Relata learns embeddings from a few low-cost relationships between samples.
//!
//! A [`Pipeline`](dsl::Pipeline) reads samples, takes from oracles which of them are related, trains an encoder on the graph
//! that follows, and writes a [`Run`]: a folder of tables that SQL, audits and reports read.
//!
//! ```
//! use relata::prelude::*;
//!
//! # fn main() -> relata::Result<()> {
//! # let folder = tempfile::tempdir().expect("a folder for temporary files");
//! # let folder = folder.path();
//! let samples = folder.join("samples.csv");
//! # let circle = |at: f32| format!("{},{},{}\n", at.cos(), at.sin(), u8::from(at > 3.0));
//! # let rows: String = (0..24).map(|at| circle(at as f32 / 4.0)).collect();
//! # std::fs::write(&samples, format!("x,y,label\n{rows}")).expect("the folder can be written to");
//! let run = Pipeline::read(csv(&samples))
//!     .relate(same_label("label").rows(8))
//!     .train(mlp([8, 2]), vicreg(), Fit::epochs(2).batch(8))
//!     .evaluate(knn("label"))
//!     .write(folder.join("run"))
//!     .run()?;
//! for score in run.scores()? {
//!     println!("{} {}", score.name, score.value);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! The library prints nothing, ends no process and listens to no signal unless it is asked to, by
//! [`progress::bars`] and [`Cancel::on_ctrl_c`].
//!
//! What plug-ins of your own need beside the prelude is here, too: [`registries`], [`arrow`], [`burn`], [`datafusion`], and
//! Relata's lower crates as [`data`], [`graph`], [`oracle`], [`active`], [`schemas`] and [`train`].
//!
//! The layers, each of which knows those before it only: [`store`] (the run folder), [`evaluate`] and [`plot`], [`sql`],
//! [`audit`], [`report`]; [`model_export`] and `stages`, which fill the folder, below [`dsl`]; and [`lookup`], which
//! answers questions about new records.
#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod audit;
mod blocking;
#[cfg(doctest)]
mod book;
mod cancel;
pub mod dsl;
mod error;
pub mod evaluate;
#[cfg(test)]
mod fixture;
pub mod lookup;
pub mod model_export;
pub mod plot;
pub mod prelude;
pub mod progress;
pub mod registries;
pub mod report;
pub mod score;
pub mod signal;
pub mod sql;
mod stages;
pub mod store;

pub use arrow;
pub use async_trait::async_trait;
pub use burn;
pub use datafusion;
pub use relata_active as active;
pub use relata_data as data;
pub use relata_decide as decide;
pub use relata_graph as graph;
pub use relata_oracle as oracle;
pub use relata_schemas as schemas;
pub use relata_train as train;

pub use blocking::RuntimeError;
pub use cancel::Cancel;
pub use error::{PipelineError, Result};
pub use store::Run;
