//! Runs: folders that hold everything a pipeline made, and the stages that fill them.

mod embed;
mod embed_new;
mod execute;
mod folder;
mod graph;
mod interrupt;
mod lock;
mod measure;
mod plan;
mod plan_text;
mod plots;
mod progress;
mod recorded;
mod relate;
mod round_files;
mod round_record;
mod rounds;
mod train;
mod unless_stopped;
mod views;

pub(crate) use execute::execute;
pub use folder::Run;
pub(crate) use interrupt::Interrupt;
pub use plan::{Input, Plan};
pub(crate) use relate::training_rows;
pub use round_record::{Bridge, RoundRecord};
