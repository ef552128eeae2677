//! Must-link and cannot-link constraints: an answer "yes" about two rows is a must-link, "no" a cannot-link.

use relata_data::index::TrainingRow;

/// What is known about two rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// They are alike.
    Positive,
    /// They are not.
    Negative,
}

impl Relation {
    /// The relation that an answer states.
    pub fn of(related: bool) -> Self {
        if related { Self::Positive } else { Self::Negative }
    }
}

/// What an answer weighs: nothing if it is as likely wrong as right, else up to 1, that of a sure one.
pub fn weight_of(confidence: f32) -> Option<f32> {
    (confidence > 0.5).then(|| (2.0 * confidence - 1.0).min(1.0))
}

/// An answer about two rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Constraint {
    /// Its number in the ledger, unique.
    pub number: u64,
    /// A row.
    pub a: TrainingRow,
    /// Another row.
    pub b: TrainingRow,
    /// Whether they are related.
    pub related: bool,
    /// How far it is to be trusted, in (0, 1]: the annotator's confidence times the annotator's quality.
    pub weight: f32,
}

/// How a constraint relates to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConstraintEffect {
    /// Nothing was known about the pair.
    New,
    /// It says what followed already.
    Known,
    /// It says the opposite of what followed.
    Contradiction,
}
