//! What a graph looks like: sizes, degrees, components, and how much of the dataset has a known relation.

use std::fmt;

use serde::Serialize;

use super::Graph;

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
    /// `(lowest, highest, samples)` of explicit degree, in powers of two.
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
    for row in 0..nodes {
        let degree = graph.edges().neighbours(row).0.len() as u64;
        let bin = (u64::BITS - degree.leading_zeros()) as usize;
        while degrees.len() <= bin {
            let at = degrees.len() as u32;
            degrees.push(if at == 0 { (0, 0, 0) } else { (1 << (at - 1), (1 << at) - 1, 0) });
        }
        degrees[bin].2 += 1;
    }
    let related = (0..nodes).filter(|&row| graph.is_related(row)).count();
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
    use super::super::GraphSettings;
    use super::super::graph::tests::graph;
    use super::*;

    #[test]
    fn a_small_graph_is_counted_by_hand() {
        let members = [(3, 0, 1.0, "label", false), (4, 0, 1.0, "label", false), (2, 0, 1.0, "label", false)];
        let graph = graph(7, &[(0, 1, 1.0), (1, 2, 0.5), (0, 5, -1.0)], &members, GraphSettings::default());
        let found = statistics(&graph, 3);
        assert_eq!((found.nodes, found.positive_edges, found.negative_edges), (7, 2, 1));
        assert_eq!((found.groups, found.group_pairs, found.components, found.largest_component), (1, 3, 3, 5));
        assert!((found.related_share - 6.0 / 7.0).abs() < 1e-9);
        assert_eq!(found.degrees, [(0, 0, 3), (1, 1, 2), (2, 3, 2)]);
        assert!(found.to_string().contains("2 positive, 1 negative"));
    }
}
