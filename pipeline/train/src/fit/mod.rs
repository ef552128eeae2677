//! Fitting an encoder to a graph: settings, the loop, checkpoints.

mod architecture;
mod checkpoint;
mod embed;
mod guard;
mod learner;
mod metrics;
mod settings;
mod training;

pub use architecture::{Architecture, IntoArchitecture};
pub use checkpoint::{Checkpoint, Checkpoints};
pub use embed::Head;
pub use learner::{Learner, Step};
pub use metrics::Metric;
pub use settings::Fit;
pub use training::{Progress, Trained, Training};
