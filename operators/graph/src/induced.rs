//! Induced edges: every edge that holds among the nodes of one batch, so that a known positive is never taken for
//! a negative.

pub use relata_schemas::InducedEdges;

use crate::graph::Graph;
use relata_data::index::{GroupNumber, Row};

impl Graph {
    /// All edges among `views` views of each of the given rows (distinct): a relation between two samples holds
    /// between all their views.
    pub fn induced(&self, rows: &[Row], views: usize) -> InducedEdges {
        let samples = rows.len();
        let mut edges = InducedEdges { nodes: samples * views, ..Default::default() };
        if views > 1 {
            for (at, &row) in rows.iter().enumerate() {
                let weight = self.relation(row, row);
                if weight != 0.0 {
                    let pairs = (0..views).flat_map(|v| (v + 1..views).map(move |w| (v, w)));
                    pairs.for_each(|(v, w)| edges.push(v * samples + at, w * samples + at, weight));
                }
            }
        }
        for (a, b) in self.candidates(rows) {
            let weight = self.relation(rows[a as usize], rows[b as usize]);
            if weight != 0.0 {
                for v in 0..views {
                    for w in 0..views {
                        edges.push(v * samples + a as usize, w * samples + b as usize, weight);
                    }
                }
            }
        }
        edges
    }

    /// Pairs of positions that may be related, sorted, each once: a superset that costs no more than what is known.
    fn candidates(&self, rows: &[Row]) -> Vec<(u32, u32)> {
        let mut sorted: Vec<(Row, u32)> = rows.iter().copied().zip(0..).collect();
        sorted.sort_unstable();
        let mut pairs = Vec::new();
        self.explicit_candidates(&sorted, &mut pairs);

        // Rows that share a key are all candidates of each other: a group, a whole exclusive relation, a component.
        let mut keyed: Vec<(u64, u32)> = Vec::new();
        for &(row, position) in &sorted {
            for &number in self.groups().of(row) {
                let group = &self.groups().iter()[number.index()];
                let key = if group.exclusive { 1 << 40 | u64::from(group.rel) } else { u64::from(number.0) };
                keyed.push((key, position));
            }
            if let Some(root) = self.root(row) {
                keyed.push((1 << 41 | u64::from(root.0), position));
            }
        }
        keyed.sort_unstable();
        for bucket in keyed.chunk_by(|a, b| a.0 == b.0) {
            for (at, &(_, a)) in bucket.iter().enumerate() {
                pairs.extend(bucket[at + 1..].iter().map(|&(_, b)| (a.min(b), a.max(b))));
            }
        }
        self.cannot_linked_components(&sorted, &mut pairs);
        self.cannot_linked_groups(&sorted, &mut pairs);
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    }

    fn explicit_candidates(&self, sorted: &[(Row, u32)], pairs: &mut Vec<(u32, u32)>) {
        for &(row, position) in sorted {
            let neighbours = self.edges().neighbours(row).0;
            let mut add = |other: u32| pairs.push((position.min(other), position.max(other)));
            // Search the shorter list in the longer one.
            if neighbours.len() < sorted.len() {
                for &n in neighbours.iter().filter(|&&n| n > row) {
                    if let Ok(at) = sorted.binary_search_by_key(&n, |entry| entry.0) {
                        add(sorted[at].1);
                    }
                }
            } else {
                for &(n, other) in sorted.iter().filter(|entry| entry.0 > row) {
                    if neighbours.binary_search(&n).is_ok() {
                        add(other);
                    }
                }
            }
        }
    }

    fn cannot_linked_groups(&self, sorted: &[(Row, u32)], pairs: &mut Vec<(u32, u32)>) {
        let mut by_group: Vec<(GroupNumber, u32)> = Vec::new();
        for &(row, position) in sorted {
            by_group.extend(self.groups().of(row).iter().map(|&group| (group, position)));
        }
        by_group.sort_unstable();
        let members = |group: GroupNumber| {
            let from = by_group.partition_point(|entry| entry.0 < group);
            &by_group[from..from + by_group[from..].partition_point(|entry| entry.0 == group)]
        };
        for first in by_group.chunk_by(|a, b| a.0 == b.0) {
            for &(other, _) in self.groups().cannot_links(first[0].0).iter().filter(|(other, _)| *other > first[0].0) {
                for &(_, b) in members(other) {
                    pairs.extend(first.iter().filter(|(_, a)| *a != b).map(|&(_, a)| (a.min(b), a.max(b))));
                }
            }
        }
    }

    fn cannot_linked_components(&self, sorted: &[(Row, u32)], pairs: &mut Vec<(u32, u32)>) {
        let mut by_root: Vec<(Row, u32)> =
            sorted.iter().filter_map(|&(row, position)| Some((self.root(row)?, position))).collect();
        by_root.sort_unstable();
        let buckets: Vec<_> = by_root.chunk_by(|a, b| a.0 == b.0).collect();
        for (at, first) in buckets.iter().enumerate() {
            for second in &buckets[at + 1..] {
                if self.roots_cannot_link(first[0].0, second[0].0) {
                    for &(_, a) in *first {
                        pairs.extend(second.iter().map(|&(_, b)| (a.min(b), a.max(b))));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::graph::tests::graph;
    use super::*;
    use crate::{GraphSettings, Policy};

    /// The naive twin: ask about every pair of nodes.
    fn naive(graph: &Graph, rows: &[Row], views: usize) -> Vec<(u32, u32, f32)> {
        let n = rows.len() * views;
        let pairs = (0..n).flat_map(|a| (a + 1..n).map(move |b| (a, b)));
        let weight = |a: usize, b: usize| graph.relation(rows[a % rows.len()], rows[b % rows.len()]);
        pairs.map(|(a, b)| (a as u32, b as u32, weight(a, b))).filter(|e| e.2 != 0.0).collect()
    }

    proptest! {
        #[test]
        fn every_known_pair_of_the_batch_is_there_once(
            edges in prop::collection::btree_map((0u32..12, 0u32..12), prop::sample::select(vec![-1.0f32, 0.5, 1.0]), 0..14),
            labels in prop::collection::vec(0u64..4, 8),
            exclusive: bool, closure: bool, views in 1usize..4,
            rows in prop::sample::subsequence((0u32..12).collect::<Vec<_>>(), 1..9).prop_shuffle(),
        ) {
            let edges: Vec<_> = edges.into_iter().filter(|((a, b), _)| a < b).map(|((a, b), w)| (a, b, w)).collect();
            let members: Vec<_> = (0..).zip(labels).map(|(id, label)| (id, label, 0.5, "label", exclusive)).collect();
            let settings = GraphSettings { views: 0.5, closure, policy: Policy::WeightedVote };
            let graph = graph(12, &edges, &members, settings);
            let rows = Row::slice(&rows);
            let induced = graph.induced(rows, views);
            let mut found: Vec<_> =
                (0..induced.len()).map(|e| (induced.src[e], induced.dst[e], induced.weight[e])).collect();
            found.sort_by_key(|e| (e.0, e.1));
            prop_assert_eq!(found, naive(&graph, rows, views));
        }
    }
}
