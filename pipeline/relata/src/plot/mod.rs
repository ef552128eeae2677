//! Pictures of runs: curves, means over trials and embeddings, as SVG and PNG, with a font of their own so that they
//! look the same on a machine without any.

mod axis;
mod bands;
mod curves;
mod error;
mod figure;
mod frame;
mod legend;
mod palette;
mod projection;
mod scatter;
mod spread;
mod ticks;

pub use bands::bands;
pub use curves::{Curves, Series, curves};
pub use error::PlotError;
pub use figure::{Canvas, Figure};
pub use projection::{Projection, projection};
pub use scatter::{Scatter, scatter};
pub use spread::Spread;
