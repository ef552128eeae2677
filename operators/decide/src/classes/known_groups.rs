//! Known groups: rows that are known to be alike, the classes of some of these groups, and which are apart.

use std::collections::{BTreeSet, HashSet};

use relata_graph::label_propagation::propagate_labels;
use relata_graph::neighbour_graph::NeighbourGraph;

/// What is known before a decision about classes.
#[derive(Debug, Clone, Default)]
pub struct KnownGroups {
    /// By row: the number of its group, if anything is known of it.
    pub of_row: Vec<Option<u32>>,
    /// By group: the number of its class, if it has one.
    pub classes: Vec<Option<u32>>,
    /// Groups that are known to be of different classes, the smaller number first.
    pub apart: HashSet<(u32, u32)>,
}

impl KnownGroups {
    /// Groups without classes, which may all be of one class.
    ///
    /// ```
    /// use relata_decide::classes::KnownGroups;
    ///
    /// let groups = KnownGroups::new(vec![Some(0), None, Some(1), Some(0)]);
    /// assert_eq!(groups.members(), [vec![0, 3], vec![2]]);
    /// assert_eq!(groups.class_count(), 0);
    /// ```
    pub fn new(of_row: Vec<Option<u32>>) -> Self {
        let groups = of_row.iter().flatten().max().map_or(0, |&last| last as usize + 1);
        Self { of_row, classes: vec![None; groups], apart: HashSet::new() }
    }

    /// How many classes there are.
    pub fn class_count(&self) -> usize {
        self.classes.iter().flatten().max().map_or(0, |&last| last as usize + 1)
    }

    /// The rows of each group, ascending.
    pub fn members(&self) -> Vec<Vec<usize>> {
        let mut members = vec![Vec::new(); self.classes.len()];
        for (row, group) in self.of_row.iter().enumerate() {
            if let Some(group) = group {
                members[*group as usize].push(row);
            }
        }
        members
    }

    /// How many rows each group reaches when all groups spread over the neighbour graph.
    ///
    /// ```
    /// use relata_decide::classes::KnownGroups;
    /// use relata_graph::neighbour_graph::NeighbourGraph;
    ///
    /// let graph = NeighbourGraph::of(&[0.0, 1.0, 2.0, 50.0, 51.0], 1, 2);
    /// let groups = KnownGroups::new(vec![None, Some(0), None, Some(1), None]);
    /// assert_eq!(groups.reach(&graph), [3, 2]);
    /// ```
    pub fn reach(&self, neighbours: &NeighbourGraph) -> Vec<usize> {
        let mut reach = vec![0; self.classes.len()];
        for group in propagate_labels(neighbours, &self.of_row, reach.len()).best().into_iter().flatten() {
            reach[group as usize] += 1;
        }
        reach
    }

    /// By group: the classes that it is known not to be of, since it is apart from a group of theirs.
    pub(super) fn ruled_out(&self) -> Vec<BTreeSet<u32>> {
        let mut ruled_out = vec![BTreeSet::new(); self.classes.len()];
        for &(a, b) in &self.apart {
            ruled_out[a as usize].extend(self.classes[b as usize]);
            ruled_out[b as usize].extend(self.classes[a as usize]);
        }
        ruled_out
    }

    /// The class of each group; one more class, which is none of these, for groups that are apart from all classes.
    pub(super) fn with_none(&self, ruled_out: &[BTreeSet<u32>]) -> Vec<Option<u32>> {
        let none = self.class_count() as u32;
        let class = |(class, ruled_out): (&Option<u32>, &BTreeSet<u32>)| {
            class.or_else(|| (ruled_out.len() == none as usize).then_some(none))
        };
        self.classes.iter().zip(ruled_out).map(class).collect()
    }
}
