//! Graph over the rows of a dataset: explicit edges, groups and views, and what they imply.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::closure::Closure;
use crate::components::Components;
use crate::csr::Csr;
use crate::error::Result;
use crate::must_link::{Group, Groups};
use crate::policy::Policy;
use relata_data::index::{GroupNumber, Row};

/// What holds for the whole graph beside its edges and groups.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct GraphSettings {
    /// Weight between two views of one sample; 0 if views are not related by themselves.
    pub views: f32,
    /// Whether to infer: positives of positives are positive, and a negative edge between two components is a
    /// negative between all their members.
    pub closure: bool,
    /// How contradictions are decided.
    pub policy: Policy,
}

/// The relations of a dataset, by row number; nothing of quadratic size is ever stored.
#[derive(Debug, Clone)]
pub struct Graph {
    settings: GraphSettings,
    edges: Csr,
    groups: Groups,
    closure: Option<Closure>,
}

impl Graph {
    /// Puts a graph together; with `closure`, components are computed here.
    ///
    /// ```
    /// use relata_data::index::Row;
    /// use relata_graph::{CsrBuilder, Graph, GraphSettings, Groups};
    ///
    /// # let folder = tempfile::tempdir().expect("a folder");
    /// // 0 and 1 are related, 1 and 2 are not.
    /// let edges = [(Row(0), Row(1), 1.0), (Row(1), Row(2), -1.0)];
    /// let mut builder = CsrBuilder::create(&folder.path().join("graph.csr"), 3);
    /// edges.iter().for_each(|&(a, b, _)| builder.count(a, b));
    /// let mut places = builder.places();
    /// edges.iter().for_each(|&(a, b, weight)| places.put(a, b, weight));
    ///
    /// let settings = GraphSettings { closure: true, ..GraphSettings::default() };
    /// let graph = Graph::new(settings, places.finish()?, Groups::default());
    /// let relations = [(0, 1), (1, 2), (0, 2)].map(|(a, b)| graph.relation(Row(a), Row(b)));
    /// assert_eq!(relations, [1.0, -1.0, -1.0]);
    /// # Ok::<(), relata_graph::GraphError>(())
    /// ```
    pub fn new(settings: GraphSettings, edges: Csr, groups: Groups) -> Self {
        let closure = settings.closure.then(|| Closure::new(&edges, &groups));
        Self { settings, edges, groups, closure }
    }

    /// Opens `graph.csr` of a run folder beside groups that are already read.
    pub fn open(csr: &Path, groups: Groups, settings: GraphSettings) -> Result<Self> {
        Ok(Self::new(settings, Csr::open(csr)?, groups))
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.edges.rows()
    }

    /// The explicit edges.
    pub fn edges(&self) -> &Csr {
        &self.edges
    }

    /// The groups.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Settings of the whole graph.
    pub fn settings(&self) -> GraphSettings {
        self.settings
    }

    /// Signed weight of the relation between two rows; 0 is unknown. A row with itself stands for two views of it.
    pub fn relation(&self, a: Row, b: Row) -> f32 {
        let (a, b) = (a.min(b), a.max(b));
        let known = self.known(a, b);
        match &self.closure {
            Some(closure) if known == 0.0 && a != b => closure.relation(a, b),
            _ => known,
        }
    }

    /// Whether there is anything to pull together among so many views of each of these rows: two views of one that are
    /// related, or two of the rows that are, explicitly, by a group, or by what follows.
    pub fn has_positive(&self, rows: &[Row], views: usize) -> bool {
        if views > 1 && rows.iter().any(|&row| self.relation(row, row) > 0.0) {
            return true;
        }
        let mut among = vec![false; self.rows()];
        rows.iter().for_each(|&row| among[row.index()] = true);
        let two = |members: &[Row]| members.iter().filter(|row| among[row.index()]).nth(1).is_some();
        // Rows that are not trained on may join two that are.
        let mut seen = vec![false; if self.closure.is_some() { self.rows() } else { 0 }];
        let mut joined = |root: Row| std::mem::replace(&mut seen[root.index()], true);
        self.groups.iter().iter().any(|group| group.weight > 0.0 && two(&group.members))
            || self.edges.iter().any(|(a, b, weight)| weight > 0.0 && among[a.index()] && among[b.index()])
            || rows.iter().filter_map(|&row| self.root(row)).any(&mut joined)
    }

    /// Whether any two samples are known to be unrelated: by an edge, by different groups of an exclusive relation, or by a
    /// cannot-link.
    pub fn has_negative(&self) -> bool {
        let groups = self.groups.iter();
        let exclusive =
            |group: &Group| group.exclusive && groups.iter().filter(|g| g.rel == group.rel).nth(1).is_some();
        self.edges.iter().any(|(_, _, weight)| weight < 0.0)
            || groups.iter().any(exclusive)
            || (0..groups.len() as u32).any(|number| !self.groups.cannot_links(GroupNumber(number)).is_empty())
    }

    /// Whether a row has any known relation to another sample, positive or negative.
    pub fn is_related(&self, row: Row) -> bool {
        let groups = self.groups.iter();
        let related = |number: GroupNumber| {
            let group = &groups[number.index()];
            let another = || (0..).map(GroupNumber).zip(groups).any(|(other, g)| other != number && g.rel == group.rel);
            group.members.len() > 1 || !self.groups.cannot_links(number).is_empty() || group.exclusive && another()
        };
        !self.edges.neighbours(row).0.is_empty() || self.groups.of(row).iter().any(|&number| related(number))
    }

    /// The inferred component of a row, by its smallest row, if the graph infers.
    pub fn root(&self, row: Row) -> Option<Row> {
        self.closure.as_ref().map(|closure| Row(closure.components.root(row.0)))
    }

    /// Whether two components, by their roots, are cannot-linked.
    pub(super) fn roots_cannot_link(&self, a: Row, b: Row) -> bool {
        self.closure.as_ref().is_some_and(|closure| closure.cannot_link(a.0, b.0))
    }

    /// Components of the positive edges and groups, whether or not the graph infers from them.
    pub fn components(&self) -> Components {
        match &self.closure {
            Some(closure) => closure.components.clone(),
            None => Closure::components(&self.edges, &self.groups),
        }
    }

    fn known(&self, a: Row, b: Row) -> f32 {
        let implied = self.groups.weight(a, b);
        if a == b {
            return (implied + self.settings.views).clamp(-1.0, 1.0);
        }
        let (neighbours, weights) = self.edges.neighbours(a);
        let explicit = neighbours.binary_search(&b).map_or(0.0, |at| weights[at]);
        self.settings.policy.combine(explicit, implied)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::csr::CsrBuilder;
    use super::super::must_link::tests::memberships;
    use super::*;
    use relata_data::id_index::IdIndex;

    pub(crate) fn graph(
        rows: usize,
        edges: &[(u32, u32, f32)],
        members: &[(u64, u64, f32, &str, bool)],
        settings: GraphSettings,
    ) -> Graph {
        let folder = tempfile::tempdir().unwrap();
        let mut builder = CsrBuilder::create(&folder.path().join("graph.csr"), rows);
        edges.iter().for_each(|&(a, b, _)| builder.count(Row(a), Row(b)));
        let mut places = builder.places();
        edges.iter().for_each(|&(a, b, w)| places.put(Row(a), Row(b), w));
        let groups = Groups::new(&[memberships(members)], &[], &IdIndex::RowNumbers(rows as u64)).unwrap();
        Graph::new(settings, places.finish().unwrap(), groups)
    }

    #[test]
    fn closure_infers_positives_within_and_negatives_between_components() {
        let settings = GraphSettings { closure: true, ..Default::default() };
        let edges = [(0, 1, 1.0), (1, 2, 0.5), (3, 4, 1.0), (2, 3, -1.0)];
        let graph = graph(7, &edges, &[(5, 0, 1.0, "label", true), (0, 1, 1.0, "label", true)], settings);
        assert_eq!(graph.relation(Row(0), Row(2)), 1.0);
        assert_eq!(graph.relation(Row(0), Row(4)), -1.0);
        assert_eq!(graph.relation(Row(1), Row(2)), 0.5);
        assert_eq!(graph.relation(Row(2), Row(5)), -1.0);
        assert_eq!(graph.relation(Row(4), Row(5)), 0.0);
        assert_eq!(graph.relation(Row(6), Row(0)), 0.0);
    }

    #[test]
    fn negatives_are_edges_and_exclusive_groups() {
        let has = |edges: &[(u32, u32, f32)], members: &[(u64, u64, f32, &str, bool)]| {
            graph(4, edges, members, GraphSettings::default()).has_negative()
        };
        assert!(has(&[(0, 1, 1.0), (1, 2, -0.5)], &[]) && !has(&[(0, 1, 1.0)], &[]));
        let two = |exclusive: bool| [(0, 0, 1.0, "label", exclusive), (1, 1, 1.0, "label", exclusive)];
        assert!(has(&[], &two(true)) && !has(&[], &two(false)));
        assert!(!has(&[], &two(true)[..1]));
        assert!(!has(&[], &[(0, 0, 1.0, "a", true), (1, 0, 1.0, "b", true)]));
    }

    #[test]
    fn a_positive_takes_two_rows_or_two_views_that_are_trained_on() {
        let views = GraphSettings { views: 1.0, ..Default::default() };
        let only_views = graph(4, &[], &[], views);
        assert!(only_views.has_positive(&[0, 1].map(Row), 2) && !only_views.has_positive(&[0, 1].map(Row), 1));
        assert!(!only_views.has_positive(&[], 2));
        let alone = [(0, 0, 1.0, "label", false), (1, 1, 1.0, "label", false), (2, 1, 1.0, "label", false)];
        let groups = graph(4, &[], &alone, GraphSettings::default());
        assert!(groups.has_positive(&[1, 2].map(Row), 1) && !groups.has_positive(&[0, 1, 3].map(Row), 1));
        // Two views of a labelled sample share its label.
        assert!(groups.has_positive(&[0].map(Row), 2) && !groups.has_positive(&[3].map(Row), 2));
        let edges = [(0, 1, 1.0), (1, 2, 1.0), (2, 3, -1.0)];
        let (plain, closed) = (GraphSettings::default(), GraphSettings { closure: true, ..Default::default() });
        assert!(graph(4, &edges, &[], plain).has_positive(&[1, 0].map(Row), 1));
        assert!(!graph(4, &edges, &[], plain).has_positive(&[0, 2, 3].map(Row), 1));
        assert!(graph(4, &edges, &[], closed).has_positive(&[2, 0].map(Row), 1));
        assert!(!graph(4, &edges, &[], closed).has_positive(&[2, 3].map(Row), 1));
    }

    #[test]
    fn a_lone_group_relates_to_nothing_without_a_cannot_link() {
        let lone = [(0, 0, 1.0, "label", true)];
        assert!(!graph(3, &[], &lone, GraphSettings::default()).is_related(Row(0)));
        let two = [(0, 0, 1.0, "label", true), (1, 1, 1.0, "label", true), (2, 0, 1.0, "shop", true)];
        let graph = graph(3, &[], &two, GraphSettings::default());
        assert_eq!([0, 1, 2].map(|row| graph.is_related(Row(row))), [true, true, false]);
    }

    #[test]
    fn explicit_edges_and_groups_meet_under_the_policy() {
        let members = [(0, 0, 1.0, "label", false), (1, 0, 1.0, "label", false)];
        let weight = |policy| {
            let settings = GraphSettings { policy, ..Default::default() };
            graph(2, &[(0, 1, -0.5)], &members, settings).relation(Row(1), Row(0))
        };
        assert_eq!(weight(Policy::LatestWins), -0.5);
        assert_eq!(weight(Policy::WeightedVote), 0.5);
        assert_eq!(weight(Policy::PositiveWins), 1.0);
    }
}
