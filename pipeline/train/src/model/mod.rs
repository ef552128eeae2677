//! Models: what is trained, an encoder and its projector.

mod encoder;
mod mlp;
mod projector;

pub use encoder::Encoder;
pub use mlp::Mlp;
pub use projector::Model;
