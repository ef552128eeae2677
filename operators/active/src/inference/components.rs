//! Components of a belief, in the orders in which strategies look at them.

use relata_data::index::TrainingRow;

use super::belief::Belief;

impl Belief {
    /// The components of the rows that are known, the largest first, of equal ones that with the smallest row first.
    pub fn largest(&self) -> impl Iterator<Item = u32> {
        self.closure.ranking().sizes.iter().map(|&(_, _, label)| label)
    }

    /// The components of at least two rows, those in the fewest standing pairs first, of equal ones that with the
    /// smallest row first.
    pub fn least_asked(&self) -> impl ExactSizeIterator<Item = u32> {
        self.closure.ranking().several.iter().map(|&(_, _, label)| label)
    }

    /// The components of the rows that are known and joined to no other, those that are known to differ from most
    /// components first, of equal ones the smallest row first.
    pub fn singletons(&self) -> impl ExactSizeIterator<Item = u32> {
        self.closure.ranking().alone.iter().map(|&(_, _, label)| label)
    }

    /// How many standing pairs have a row in a component.
    pub fn asked_about(&self, component: u32) -> u32 {
        self.closure.rank(component).map_or(0, |rank| rank.pairs)
    }

    /// How many components are known to be different from a component.
    pub fn count_cannot_links(&self, component: u32) -> usize {
        self.closure.rank(component).map_or(0, |rank| rank.cannot_links as usize)
    }

    /// The smallest row of a component of known rows.
    pub fn first(&self, component: u32) -> Option<TrainingRow> {
        self.closure.rank(component).map(|rank| rank.first)
    }
}
