//! Component ranking: the largest and the least asked components are found without a walk over all of them.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use relata_data::index::TrainingRow;

/// What the rank of a component depends on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rank {
    /// Its label.
    pub label: u32,
    /// Its number of rows.
    pub rows: u32,
    /// Its smallest row.
    pub first: TrainingRow,
    /// Standing pairs with a row in it.
    pub pairs: u32,
    /// Components that are known to be different.
    pub cannot_links: u32,
}

/// By what comes first, then smallest row, then label.
type Order<K> = BTreeSet<(K, TrainingRow, u32)>;

/// The components with a slot. Keeping a component up to date costs the logarithm of their number.
#[derive(Debug, Clone, Default)]
pub(super) struct Ranking {
    pub sizes: Order<Reverse<u32>>,
    /// Of several rows, by pairs.
    pub several: Order<u32>,
    /// Of one row, by the number of components that are different.
    pub alone: Order<Reverse<u32>>,
}

impl Ranking {
    pub fn insert(&mut self, rank: Rank) {
        let Rank { label, rows, first, pairs, cannot_links } = rank;
        self.sizes.insert((Reverse(rows), first, label));
        match rows {
            1 => self.alone.insert((Reverse(cannot_links), first, label)),
            _ => self.several.insert((pairs, first, label)),
        };
    }

    pub fn remove(&mut self, rank: Rank) {
        let Rank { label, rows, first, pairs, cannot_links } = rank;
        self.sizes.remove(&(Reverse(rows), first, label));
        match rows {
            1 => self.alone.remove(&(Reverse(cannot_links), first, label)),
            _ => self.several.remove(&(pairs, first, label)),
        };
    }
}
