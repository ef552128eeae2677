//! Interchange formats, in which questions and answers go to other tools and come back.

/// A format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Interchange {
    /// An object a line, with the columns of the table.
    Jsonl,
    /// Tasks of Label Studio, and its results.
    LabelStudio,
}
