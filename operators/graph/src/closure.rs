//! Transitive closure: positives of positives are positive, and a negative edge between two components is a negative
//! (a cannot-link) between all their members.

use relata_data::index::{GroupNumber, Row};

use crate::components::Components;
use crate::csr::Csr;
use crate::must_link::Groups;

/// Components of the positives, and the cannot-links between them.
#[derive(Debug, Clone)]
pub(crate) struct Closure {
    pub(crate) components: Components,
    /// Pairs of roots `(smaller, larger)` joined by a negative edge, sorted.
    cannot_links: Vec<(u32, u32)>,
    /// (root, relation, group) of exclusive groups, sorted: components in different groups of a relation are
    /// cannot-linked.
    exclusive: Vec<(u32, u32, GroupNumber)>,
}

impl Closure {
    pub(crate) fn new(edges: &Csr, groups: &Groups) -> Self {
        let components = Self::components(edges, groups);
        let mut cannot_links: Vec<_> = edges
            .iter()
            .filter(|&(_, _, weight)| weight < 0.0)
            .map(|(a, b, _)| (components.root(a.0), components.root(b.0)))
            .filter(|(a, b)| a != b)
            .map(|(a, b)| (a.min(b), a.max(b)))
            .collect();
        cannot_links.sort_unstable();
        cannot_links.dedup();
        let mut exclusive: Vec<_> = (0..)
            .map(GroupNumber)
            .zip(groups.iter())
            .filter(|(_, group)| group.exclusive)
            .flat_map(|(number, group)| group.members.iter().map(move |&row| (row, group.rel, number)))
            .map(|(row, rel, number)| (components.root(row.0), rel, number))
            .collect();
        exclusive.sort_unstable();
        exclusive.dedup();
        Self { components, cannot_links, exclusive }
    }

    /// Components of the positive edges and groups.
    pub(crate) fn components(edges: &Csr, groups: &Groups) -> Components {
        let mut components = Components::new(edges.rows());
        for (a, b, weight) in edges.iter() {
            if weight > 0.0 {
                components.join(a.0, b.0);
            }
        }
        for group in groups.iter().iter().filter(|group| group.weight > 0.0) {
            group.members.windows(2).for_each(|pair| components.join(pair[0].0, pair[1].0));
        }
        components.compress();
        components
    }

    /// What follows for two rows: 1, -1, or 0 if nothing does.
    pub(crate) fn relation(&self, a: Row, b: Row) -> f32 {
        let (a, b) = (self.components.root(a.0), self.components.root(b.0));
        if a == b {
            1.0
        } else if self.cannot_link(a, b) {
            -1.0
        } else {
            0.0
        }
    }

    /// Whether two components, by their roots, are cannot-linked.
    pub(crate) fn cannot_link(&self, a: u32, b: u32) -> bool {
        let groups = |root: u32| {
            let from = self.exclusive.partition_point(|e| e.0 < root);
            self.exclusive[from..].iter().take_while(move |e| e.0 == root)
        };
        self.cannot_links.binary_search(&(a.min(b), a.max(b))).is_ok()
            || groups(a).any(|x| groups(b).any(|y| x.1 == y.1 && x.2 != y.2))
    }
}
