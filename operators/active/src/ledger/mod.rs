//! Ledger: every question and every answer of a run, append-only, in one SQLite file.

mod answer_writer;
mod answers;
mod arrow_tables;
mod audit;
mod error;
#[cfg(test)]
mod fixture;
mod import_questions;
mod json_lines;
pub mod label_studio;
mod last_seal;
mod lease;
mod questions;
mod schema;
mod seals;
mod sqlite_ledger;
mod timestamp;

pub use answers::LedgerEntry;
pub use audit::LedgerAudit;
pub use import_questions::import_questions;
pub use json_lines::{Imported, export_answers, export_questions, import_answers};
pub use lease::Lease;
pub use seals::Seal;
pub use sqlite_ledger::{FILE, Ledger};
