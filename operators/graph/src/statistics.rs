//! Graph statistics: sizes, degrees, components, and how much of the dataset has a known relation.

use std::collections::HashMap;
use std::fmt;

use relata_data::index::{GroupNumber, Row};
use serde::Serialize;

use crate::graph::Graph;

/// Numbers about a graph; pairs implied by groups are counted, not listed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GraphStatistics {
    /// Samples.
    pub nodes: u64,
    /// Explicit positive edges.
    pub positive_edges: u64,
    /// Explicit negative edges.
    pub negative_edges: u64,
    /// Groups with at least one member.
    pub groups: u64,
    /// Positive pairs implied by groups.
    pub group_pairs: u64,
    /// Components of the positives, single samples included.
    pub components: u64,
    /// Size of the largest component.
    pub largest_component: u64,
    /// Share of samples with a known relation to another sample.
    pub related_share: f64,
    /// `(lowest, highest, samples)` of degree, in powers of two: the other samples that one shares an explicit edge or
    /// a group with. Negatives between groups are left out, for they may be all other samples.
    pub degrees: Vec<(u64, u64, u64)>,
    /// Pairs about which oracles contradict each other.
    pub conflicts: u64,
}

/// Measures a graph; `conflicts` is the number of rows of the conflicts table.
pub fn statistics(graph: &Graph, conflicts: u64) -> GraphStatistics {
    let nodes = graph.rows() as u32;
    let positive_edges = graph.edges().iter().filter(|e| e.2 > 0.0).count() as u64;
    let sizes = graph.components().sizes();
    let mut degrees: Vec<(u64, u64, u64)> = Vec::new();
    let mut counted = GroupSizes::default();
    for row in 0..nodes {
        let degree = counted.degree(graph, Row(row));
        let bin = (u64::BITS - degree.leading_zeros()) as usize;
        while degrees.len() <= bin {
            let at = degrees.len() as u32;
            degrees.push(if at == 0 { (0, 0, 0) } else { (1 << (at - 1), (1 << at) - 1, 0) });
        }
        degrees[bin].2 += 1;
    }
    let related = (0..nodes).filter(|&row| graph.is_related(Row(row))).count();
    let groups = graph.groups().iter();
    GraphStatistics {
        nodes: nodes.into(),
        positive_edges,
        negative_edges: graph.edges().edges() as u64 - positive_edges,
        groups: groups.len() as u64,
        group_pairs: groups.iter().map(|g| (g.members.len() * g.members.len().saturating_sub(1) / 2) as u64).sum(),
        components: sizes.len() as u64,
        largest_component: sizes.first().copied().unwrap_or_default(),
        related_share: related as f64 / f64::from(nodes.max(1)),
        degrees,
        conflicts,
    }
}

/// How many rows are in any of some groups, for every set of groups that a row is in.
#[derive(Default)]
struct GroupSizes<'a>(HashMap<&'a [GroupNumber], u64>);

impl<'a> GroupSizes<'a> {
    fn degree(&mut self, graph: &'a Graph, row: Row) -> u64 {
        let (neighbours, groups) = (graph.edges().neighbours(row).0, graph.groups());
        let of_row = groups.of(row);
        if of_row.is_empty() {
            return neighbours.len() as u64;
        }
        let together = *self.0.entry(of_row).or_insert_with(|| {
            let members = |number: GroupNumber| &groups.iter()[number.index()].members;
            match of_row {
                [only] => members(*only).len() as u64,
                several => {
                    let mut all: Vec<Row> = several.iter().flat_map(|&number| members(number)).copied().collect();
                    all.sort_unstable();
                    all.dedup();
                    all.len() as u64
                }
            }
        });
        let shares = |other: &Row| groups.of(*other).iter().any(|number| of_row.contains(number));
        // The row itself is one of those in its groups.
        together - 1 + neighbours.iter().filter(|other| !shares(other)).count() as u64
    }
}

impl fmt::Display for GraphStatistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "nodes                {}", self.nodes)?;
        writeln!(f, "edges                {} positive, {} negative", self.positive_edges, self.negative_edges)?;
        writeln!(f, "groups               {} (implying {} pairs)", self.groups, self.group_pairs)?;
        writeln!(f, "components           {} (largest {})", self.components, self.largest_component)?;
        writeln!(f, "rows with a relation {:.1}%", 100.0 * self.related_share)?;
        writeln!(f, "conflicts            {}", self.conflicts)?;
        writeln!(f, "degree               samples")?;
        let most = self.degrees.iter().map(|d| d.2).max().unwrap_or(1).max(1);
        for &(low, high, samples) in &self.degrees {
            let range = if low == high { low.to_string() } else { format!("{low}..{high}") };
            let bar = "#".repeat((samples * 40 / most) as usize);
            writeln!(f, "  {range:<18} {samples:<8} {bar}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::graph::tests::graph;
    use super::*;
    use crate::GraphSettings;

    #[test]
    fn a_small_graph_is_counted_by_hand() {
        let members = [(3, 0, 1.0, "label", false), (4, 0, 1.0, "label", false), (2, 0, 1.0, "label", false)];
        let graph = graph(7, &[(0, 1, 1.0), (1, 2, 0.5), (0, 5, -1.0)], &members, GraphSettings::default());
        let found = statistics(&graph, 3);
        assert_eq!((found.nodes, found.positive_edges, found.negative_edges), (7, 2, 1));
        assert_eq!((found.groups, found.group_pairs, found.components, found.largest_component), (1, 3, 3, 5));
        assert!((found.related_share - 6.0 / 7.0).abs() < 1e-9);
        assert_eq!(found.degrees, [(0, 0, 1), (1, 1, 1), (2, 3, 5)]);
        assert!(found.to_string().contains("2 positive, 1 negative"));
    }

    #[test]
    fn samples_in_several_groups_and_edges_are_counted_once() {
        let members =
            [(0, 0, 1.0, "a", false), (1, 0, 1.0, "a", false), (1, 0, 1.0, "b", false), (2, 0, 1.0, "b", false)];
        let members = [&members[..], &[(0, 0, 1.0, "b", false)]].concat();
        let graph = graph(4, &[(0, 1, 1.0), (0, 3, -1.0)], &members, GraphSettings::default());
        // 0 has 1, 2 and 3; 1 and 2 have each other and 0; 3 has 0.
        assert_eq!(statistics(&graph, 0).degrees, [(0, 0, 0), (1, 1, 1), (2, 3, 3)]);
    }
}
