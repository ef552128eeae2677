//! Pair models: from the similarities of two records to the log-odds that they are the same entity, and how far these
//! can be believed.
//!
//! Features are finite numbers. A similarity that is missing needs two columns: the similarity or 0, and whether it is
//! known.

mod cholesky;
mod features;
mod gradient_boosting;
mod isotonic;
mod logistic_regression;
mod observations;
mod reliability;

pub use features::Features;
pub use gradient_boosting::{Direction, GradientBoosting, GradientBoostingSettings, Shape};
pub use isotonic::Isotonic;
pub use logistic_regression::{LogisticRegression, LogisticRegressionSettings};
pub use observations::Observations;
pub use reliability::{Reliability, ReliabilityBin};
