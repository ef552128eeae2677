//! Asking: which strategy chooses the questions, what they may cost, and when to stop.

mod agenda;
mod desk;
#[cfg(test)]
mod fixture;
mod given;
mod intake;
mod known;
#[cfg(test)]
mod scenarios;
mod settings;
mod stop;
mod validation;
mod votes;

pub use desk::{Desk, Round};
pub use given::given;
pub use known::Known;
pub use settings::{Asking, Budget};
pub use stop::{Progress, StopReason};
