//! Components in the orders in which strategies look at them, so that the first ones are found without a walk over all
//! that is known.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::Belief;

/// What the place of a component depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rank {
    /// Its label.
    pub label: u32,
    /// Its number of rows.
    pub rows: u32,
    /// Its smallest row.
    pub first: u32,
    /// Standing pairs with a row in it.
    pub pairs: u32,
    /// Components that are known to be different.
    pub apart: u32,
}

/// By what comes first, then smallest row, then label.
type Order<K> = BTreeSet<(K, u32, u32)>;

/// The components with a slot. Keeping a component up to date costs the logarithm of their number.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranking {
    sizes: Order<Reverse<u32>>,
    /// Of several rows, by pairs.
    several: Order<u32>,
    /// Of one row, by the number of components that are different.
    alone: Order<Reverse<u32>>,
}

impl Ranking {
    pub fn insert(&mut self, rank: Rank) {
        let Rank { label, rows, first, pairs, apart } = rank;
        self.sizes.insert((Reverse(rows), first, label));
        match rows {
            1 => self.alone.insert((Reverse(apart), first, label)),
            _ => self.several.insert((pairs, first, label)),
        };
    }

    pub fn remove(&mut self, rank: Rank) {
        let Rank { label, rows, first, pairs, apart } = rank;
        self.sizes.remove(&(Reverse(rows), first, label));
        match rows {
            1 => self.alone.remove(&(Reverse(apart), first, label)),
            _ => self.several.remove(&(pairs, first, label)),
        };
    }
}

impl Belief {
    /// The components of the rows that are known, the largest first, of equal ones that with the smallest row first.
    pub fn largest(&self) -> impl Iterator<Item = u32> {
        self.components.ranking().sizes.iter().map(|&(_, _, label)| label)
    }

    /// The components of at least two rows, those in the fewest standing pairs first, of equal ones that with the
    /// smallest row first.
    pub fn least_asked(&self) -> impl ExactSizeIterator<Item = u32> {
        self.components.ranking().several.iter().map(|&(_, _, label)| label)
    }

    /// The components of the rows that are known and joined to no other, those that are known to differ from most
    /// components first, of equal ones the smallest row first.
    pub fn alone(&self) -> impl ExactSizeIterator<Item = u32> {
        self.components.ranking().alone.iter().map(|&(_, _, label)| label)
    }

    /// How many standing pairs have a row in a component.
    pub fn asked_about(&self, component: u32) -> u32 {
        self.components.rank(component).map_or(0, |rank| rank.pairs)
    }

    /// How many components are known to be different from a component.
    pub fn count_apart(&self, component: u32) -> usize {
        self.components.rank(component).map_or(0, |rank| rank.apart as usize)
    }

    /// The smallest row of a component of known rows.
    pub fn first(&self, component: u32) -> Option<u32> {
        self.components.rank(component).map(|rank| rank.first)
    }
}
