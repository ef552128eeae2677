//! Pictures of runs: curves, means over trials and embeddings, as SVG and PNG, with a font of their own so that they
//! look the same on a machine without any.

mod axis;
mod bands;
mod contours;
mod curves;
mod diverging;
mod error;
mod figure;
mod frame;
mod legend;
mod matrix;
mod palette;
mod projection;
mod scatter;
mod spread;
mod ticks;
mod tsne;
mod two_axes;

pub use bands::bands;
pub use contours::{Contours, contours};
pub use curves::{Curves, Series, curves};
pub use error::PlotError;
pub use figure::{Canvas, Figure};
pub use matrix::{Matrix, matrix};
pub use projection::{Projection, projection};
pub use scatter::{Scatter, scatter};
pub use spread::Spread;
pub use tsne::{Tsne, tsne};
pub use two_axes::TwoAxes;
