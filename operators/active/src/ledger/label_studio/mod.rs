//! Label Studio: questions as its tasks, and its results as answers.

mod markup;
mod results;
mod tasks;
#[cfg(test)]
mod tests;

pub use results::import_results;
pub use tasks::{CONFIGURATION, export_tasks};
