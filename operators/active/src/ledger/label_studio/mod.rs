//! Label Studio: questions as its tasks, and its results as answers.

mod annotation;
mod flat_export;
mod full_export;
mod markup;
mod project_export;
mod results;
mod tasks;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_exports;

pub use results::{ImportedResults, LeftOut, import_results};
pub use tasks::{CONFIGURATION, export_tasks};
