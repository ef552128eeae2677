//! Links between clusters that merge.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::subproblem::Link;

/// The evidence between every two linked clusters, in one table rather than one a cluster: most clusters have few
/// neighbours.
#[derive(Debug, Default)]
pub(super) struct ClusterLinks {
    /// By the two clusters, in either order. Nothing depends on the order of this map.
    links: HashMap<u64, Link, BuildHasherDefault<KeyHasher>>,
    /// By cluster: its neighbours, those that were merged into others among them.
    neighbours: Vec<Vec<u32>>,
}

impl ClusterLinks {
    /// Links between `count` clusters; those between the same two add up.
    pub(super) fn new(count: usize, links: &[(u32, u32, Link)]) -> Self {
        let mut degrees = vec![0; count];
        for &(a, b, _) in links {
            degrees[a as usize] += 1;
            degrees[b as usize] += 1;
        }
        let neighbours = degrees.into_iter().map(Vec::with_capacity).collect();
        let mut found = Self { links: HashMap::default(), neighbours };
        found.links.reserve(links.len());
        for &(a, b, link) in links {
            found.add(a, b, link);
        }
        found
    }

    /// The evidence between two clusters, if they are linked.
    pub(super) fn get(&self, a: u32, b: u32) -> Option<Link> {
        self.links.get(&key(a, b)).copied()
    }

    /// A bound on the number of a cluster's neighbours.
    pub(super) fn weight(&self, cluster: u32) -> usize {
        self.neighbours[cluster as usize].len()
    }

    /// Moves the links of a cluster to another one, and returns what is now between that one and each neighbour.
    pub(super) fn merge(&mut self, into: u32, from: u32) -> Vec<(u32, Link)> {
        self.links.remove(&key(into, from));
        let neighbours = std::mem::take(&mut self.neighbours[from as usize]);
        let moved = neighbours.into_iter().filter_map(|other| {
            let link = self.links.remove(&key(from, other))?;
            Some((other, self.add(into, other, link)))
        });
        moved.collect()
    }

    fn add(&mut self, a: u32, b: u32, link: Link) -> Link {
        let between = self.links.entry(key(a, b)).or_default();
        // Every link has a pair, so that a link without one is new.
        if between.pairs == 0 {
            self.neighbours[a as usize].push(b);
            self.neighbours[b as usize].push(a);
        }
        between.add(link);
        *between
    }
}

fn key(a: u32, b: u32) -> u64 {
    u64::from(a.min(b)) << 32 | u64::from(a.max(b))
}

/// A hash of one number: the halves of its product with a constant. Keys are no one's to choose, so it need not be hard
/// to guess.
#[derive(Debug, Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    fn write_u64(&mut self, number: u64) {
        let product = u128::from(self.0 ^ number) * 0x9e37_79b9_7f4a_7c15;
        self.0 = product as u64 ^ (product >> 64) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_follow_merges() {
        let link = |log_odds| Link { log_odds, pairs: 1 };
        let all = [(0, 1, link(1.0)), (1, 2, link(2.0)), (0, 2, link(4.0)), (3, 1, link(8.0)), (2, 1, link(0.5))];
        let mut links = ClusterLinks::new(4, &all);
        let sum = |log_odds, pairs| Link { log_odds, pairs };
        assert_eq!(links.get(2, 1), Some(sum(2.5, 2)));
        assert_eq!(links.merge(0, 1), [(2, sum(6.5, 3)), (3, sum(8.0, 1))]);
        assert_eq!((links.get(0, 2), links.get(1, 2)), (Some(sum(6.5, 3)), None));
        assert_eq!(links.merge(3, 0), [(2, sum(6.5, 3))]);
        assert_eq!((links.get(2, 3), links.get(0, 3)), (Some(sum(6.5, 3)), None));
    }
}
