//! Asking: which strategy chooses the questions, what they may cost, and when to stop.

mod desk;
mod known;
mod settings;
mod stop;
mod votes;

pub use desk::{Desk, Round};
pub use known::Known;
pub use settings::{Asking, Budget};
pub use stop::{Progress, StopReason};
