//! Pairs of rows, the smaller one first.

use std::collections::HashSet;

use relata_data::index::TrainingRow;

/// Pairs of rows, the smaller one first.
pub(super) type Pairs = HashSet<(TrainingRow, TrainingRow)>;

/// A pair with its smaller row first.
pub(super) fn ordered(a: TrainingRow, b: TrainingRow) -> (TrainingRow, TrainingRow) {
    (a.min(b), a.max(b))
}
