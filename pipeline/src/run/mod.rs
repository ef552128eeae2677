//! Runs: folders that hold everything a pipeline made, and the stages that fill them.

mod embed;
mod execute;
mod folder;
mod lock;
mod measure;
mod plan;
mod plots;
mod progress;
mod relate;

pub(crate) use execute::execute;
pub use folder::Run;
pub use plan::{Input, Plan};
