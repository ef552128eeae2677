//! Skipped pairs of edge files, counted by why they were skipped.

use std::fmt;
use std::ops::AddAssign;

/// How many pairs of edge files were skipped, and why.
///
/// ```
/// use relata_graph::edge_file::Skipped;
///
/// let skipped = Skipped { unsure: 2, unknown_ids: 1, itself: 0 };
/// assert_eq!(skipped.to_string(), "3 pairs skipped (2 unsure, 1 with unknown ids)");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    /// Pairs of which the file says that nobody knows: unsure, blank, or a probability of one half.
    pub unsure: u64,
    /// Pairs with an id that the dataset does not have.
    pub unknown_ids: u64,
    /// Pairs of a sample with itself.
    pub itself: u64,
}

impl Skipped {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.unsure + self.unknown_ids + self.itself
    }
}

impl AddAssign for Skipped {
    fn add_assign(&mut self, other: Self) {
        self.unsure += other.unsure;
        self.unknown_ids += other.unknown_ids;
        self.itself += other.itself;
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let total = self.total();
        write!(f, "{total} {} skipped", if total == 1 { "pair" } else { "pairs" })?;
        let counts =
            [(self.unsure, "unsure"), (self.unknown_ids, "with unknown ids"), (self.itself, "of a sample with itself")];
        let parts: Vec<_> = counts.iter().filter(|(n, _)| *n > 0).map(|(n, why)| format!("{n} {why}")).collect();
        if parts.is_empty() { Ok(()) } else { write!(f, " ({})", parts.join(", ")) }
    }
}
