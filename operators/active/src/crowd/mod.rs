//! What to make of several annotators' answers to the same questions.

mod dawid_skene;

pub use dawid_skene::{CrowdModel, Vote, dawid_skene};
