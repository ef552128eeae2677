//! Oracles that answer questions out of a file, or by asking other oracles.

mod cascade;
mod crowd;
#[cfg(test)]
mod fixture;
mod replay;

pub use cascade::{Cascade, cascade};
pub use crowd::{Crowd, crowd};
pub use replay::{Replay, replay};
