//! Progress: what a run reports while it works, and how a terminal shows it.

mod bars;
mod observer;
mod reporter;

pub use bars::{Bars, bars};
pub use observer::{Progress, Silent, Stage};
pub(crate) use reporter::Reporter;
