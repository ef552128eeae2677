//! Term frequencies: records that share a rare value are the same entity more often than those that share a common one.

use super::comparison::EQUAL;
use super::value_column::ValueColumn;

/// Counts like that of a value seen half a time more, so that one that only the pair itself has is rare, not
/// impossible.
const SMOOTHING: f64 = 0.5;

/// The least frequency, one in a thousand million.
const LEAST: f64 = 1e-9;

/// How rare the value is that a pair shares: `-ln` of its frequency among the other rows, `(count - 2 + 0.5) / rows`
/// (the value-specific adjustment of Fellegi and Sunter 1969 and Winkler 1989, with the pair itself left out: else
/// every value that just these two records have would look less rare than it is). 0 at other levels.
pub(super) fn rarity(column: &ValueColumn, row: u32, level: u8) -> f64 {
    if level != EQUAL {
        return 0.0;
    }
    let count = column.counts.get(column.of_row[row as usize] as usize).copied().unwrap_or(0);
    -((f64::from(count) - 2.0 + SMOOTHING) / column.filled as f64).clamp(LEAST, 1.0).ln()
}
