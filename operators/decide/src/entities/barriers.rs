//! Barriers: which clusters may not become one entity.

use std::collections::BTreeSet;

/// The cannot-links and sources of clusters that grow.
#[derive(Debug)]
pub(super) struct Barriers {
    /// By cluster: those that it may not be merged with.
    apart: Vec<BTreeSet<u32>>,
    /// By cluster: the sources that it has a row of.
    sources: Vec<BTreeSet<u32>>,
}

impl Barriers {
    /// Barriers between `count` clusters: those that may not be merged, and (cluster, source) of all rows.
    pub(super) fn new(count: usize, apart: &[(u32, u32)], sources: &[(u32, u32)]) -> Self {
        // Most problems have none, and need no sets then.
        let sets = |any: bool| if any { vec![BTreeSet::new(); count] } else { vec![] };
        let mut barriers = Self { apart: sets(!apart.is_empty()), sources: sets(!sources.is_empty()) };
        for &(a, b) in apart {
            barriers.apart[a as usize].insert(b);
            barriers.apart[b as usize].insert(a);
        }
        for &(cluster, source) in sources {
            barriers.sources[cluster as usize].insert(source);
        }
        barriers
    }

    /// Whether two clusters must stay apart.
    pub(super) fn between(&self, a: u32, b: u32) -> bool {
        let apart = self.apart.get(a as usize).is_some_and(|apart| apart.contains(&b));
        apart || self.share_a_source(a, b)
    }

    fn share_a_source(&self, a: u32, b: u32) -> bool {
        let (Some(a), Some(b)) = (self.sources.get(a as usize), self.sources.get(b as usize)) else { return false };
        let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
        few.iter().any(|source| many.contains(source))
    }

    /// How much it takes to move a cluster's barriers to another one.
    pub(super) fn weight(&self, cluster: u32) -> usize {
        let len = |sets: &[BTreeSet<u32>]| sets.get(cluster as usize).map_or(0, BTreeSet::len);
        len(&self.apart) + len(&self.sources)
    }

    /// Merges a cluster into another one.
    pub(super) fn merge(&mut self, into: u32, from: u32) {
        let take = |sets: &mut Vec<BTreeSet<u32>>| sets.get_mut(from as usize).map(std::mem::take).unwrap_or_default();
        for other in take(&mut self.apart) {
            self.apart[other as usize].remove(&from);
            self.apart[other as usize].insert(into);
            self.apart[into as usize].insert(other);
        }
        let sources = take(&mut self.sources);
        if let Some(of_into) = self.sources.get_mut(into as usize) {
            of_into.extend(sources);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn barriers_follow_merges() {
        let mut barriers = Barriers::new(4, &[(0, 2)], &[]);
        assert!(barriers.between(0, 2) && barriers.between(2, 0) && !barriers.between(1, 2));
        barriers.merge(1, 0);
        barriers.merge(3, 2);
        assert!(barriers.between(1, 3) && barriers.between(3, 1));
        assert_eq!(barriers.weight(3), 1);
    }

    #[test]
    fn one_row_per_source() {
        let mut barriers = Barriers::new(3, &[], &[(0, 7), (1, 8), (2, 7)]);
        assert!(barriers.between(0, 2) && !barriers.between(0, 1));
        barriers.merge(1, 0);
        assert!(barriers.between(1, 2));
    }
}
