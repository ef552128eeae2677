//! Must-link groups: which groups a sample belongs to, and which samples belong to a group.

use relata_data::index::{GroupNumber, Row};

/// A must-link group: a set of mutually related rows.
#[derive(Debug, Clone)]
pub struct Group {
    /// The number of the relation, the same for all its groups.
    pub rel: u32,
    /// Weight of every pair.
    pub weight: f32,
    /// Whether other groups of the same relation are known negatives.
    pub exclusive: bool,
    /// The members, ascending.
    pub members: Vec<Row>,
}

/// All must-link groups of a graph, and the cannot-links between them.
#[derive(Debug, Clone, Default)]
pub struct Groups {
    /// Names of relations, by number.
    relations: Vec<String>,
    groups: Vec<Group>,
    /// `groups_of[starts[r]..starts[r + 1]]` are the groups of row r.
    starts: Vec<u32>,
    groups_of: Vec<GroupNumber>,
    /// `(other group, weight)` of the cannot-links of each group, sorted.
    cannot_links: Vec<Vec<(GroupNumber, f32)>>,
}

impl Groups {
    /// All groups.
    pub fn iter(&self) -> &[Group] {
        &self.groups
    }

    /// The names of the relations, by the number that a group has of its own.
    pub fn relations(&self) -> &[String] {
        &self.relations
    }

    /// Numbers of the groups of a row, ascending.
    pub fn of(&self, row: Row) -> &[GroupNumber] {
        match self.starts.get(row.index()..row.index() + 2) {
            Some(&[from, to]) => &self.groups_of[from as usize..to as usize],
            _ => &[],
        }
    }

    /// `(other group, weight)` of the cannot-links of a group, ascending.
    pub fn cannot_links(&self, group: GroupNumber) -> &[(GroupNumber, f32)] {
        self.cannot_links.get(group.index()).map_or(&[], Vec::as_slice)
    }

    /// What the groups imply about a pair of rows (the sum over relations, clipped to [-1, 1]; 0 is nothing).
    /// A row with itself is in its own groups: two views of a labelled sample share its label.
    pub fn weight(&self, a: Row, b: Row) -> f32 {
        let mut sum = 0.0;
        self.each_relation(a, b, |_, weight| sum += weight);
        sum.clamp(-1.0, 1.0)
    }

    /// What the groups imply about a pair of rows, as the number of the relation and a weight; a relation may imply
    /// several things. See [`weight`](Self::weight).
    pub(crate) fn each_relation(&self, a: Row, b: Row, mut take: impl FnMut(u32, f32)) {
        let (of_a, of_b) = (self.of(a), self.of(b));
        for &g in of_a {
            let group = &self.groups[g.index()];
            let links = self.cannot_links(g).iter().filter(|(other, _)| of_b.contains(other));
            let apart: f32 = links.map(|(_, w)| w).sum();
            if apart != 0.0 {
                take(group.rel, -apart);
            }
            if of_b.contains(&g) {
                take(group.rel, group.weight);
            } else if group.exclusive {
                let same_rel = |h: &&GroupNumber| self.groups[h.index()].rel == group.rel;
                let shared = |h: &GroupNumber| of_a.contains(h);
                let mut others = of_b.iter().filter(same_rel).peekable();
                if others.peek().is_some() && !others.any(shared) {
                    take(group.rel, -group.weight.abs());
                }
            }
        }
    }

    /// Indexes groups, whose members may come in any order and repeatedly, over so many rows.
    pub(crate) fn index(
        relations: Vec<String>,
        mut groups: Vec<Group>,
        rows: usize,
        cannot_links: Vec<Vec<(GroupNumber, f32)>>,
    ) -> Self {
        let mut starts = vec![0u32; rows + 1];
        for group in &mut groups {
            group.members.sort_unstable();
            group.members.dedup();
            group.members.iter().for_each(|row| starts[row.index() + 1] += 1);
        }
        for row in 0..rows {
            starts[row + 1] += starts[row];
        }
        let mut next = starts.clone();
        let mut groups_of = vec![GroupNumber(0); starts[rows] as usize];
        for (number, group) in (0..).map(GroupNumber).zip(&groups) {
            for row in &group.members {
                groups_of[next[row.index()] as usize] = number;
                next[row.index()] += 1;
            }
        }
        Self { relations, groups, starts, groups_of, cannot_links }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::Arc;

    use arrow::array::{BooleanArray, Float32Array, RecordBatch, StringArray, UInt64Array};
    use relata_data::id_index::IdIndex;
    use relata_schemas::memberships::MEMBERSHIPS;
    use relata_schemas::separations::SEPARATIONS;

    use super::*;
    use crate::error::GraphError;

    pub(crate) fn memberships(rows: &[(u64, u64, f32, &str, bool)]) -> RecordBatch {
        RecordBatch::try_new(
            MEMBERSHIPS.schema(),
            vec![
                Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.0))),
                Arc::new(UInt64Array::from_iter_values(rows.iter().map(|r| r.1))),
                Arc::new(Float32Array::from_iter_values(rows.iter().map(|r| r.2))),
                Arc::new(StringArray::from_iter_values(rows.iter().map(|r| r.3))),
                Arc::new(BooleanArray::from(rows.iter().map(|r| r.4).collect::<Vec<_>>())),
            ],
        )
        .unwrap()
    }

    #[test]
    fn groups_imply_positives_within_and_negatives_between_if_exclusive() {
        let batch = memberships(&[
            (0, 1, 0.5, "label", true),
            (1, 1, 0.5, "label", true),
            (2, 9, 0.5, "label", true),
            (1, 4, 0.25, "store", false),
            (2, 4, 0.25, "store", false),
            (3, 5, 1.0, "store", false),
        ]);
        let groups = Groups::new(&[batch], &[], &IdIndex::RowNumbers(5)).unwrap();
        for (a, b, weight) in [(0, 1, 0.5), (0, 2, -0.5), (1, 2, -0.25), (3, 1, 0.0), (0, 0, 0.5), (4, 0, 0.0)] {
            assert_eq!(groups.weight(Row(a), Row(b)), weight, "{a} {b}");
        }
        assert_eq!(groups.iter().iter().map(|group| group.rel).collect::<Vec<_>>(), [0, 0, 1, 1]);
    }

    #[test]
    fn separated_groups_are_negatives() {
        let members = memberships(&[(0, 1, 1.0, "a", false), (1, 2, 1.0, "a", false), (2, 3, 1.0, "a", false)]);
        let separation = |a: u64, b: u64| {
            RecordBatch::try_new(
                SEPARATIONS.schema(),
                vec![
                    Arc::new(UInt64Array::from(vec![a])),
                    Arc::new(UInt64Array::from(vec![b])),
                    Arc::new(Float32Array::from(vec![0.75])),
                    Arc::new(StringArray::from(vec!["a"])),
                ],
            )
            .unwrap()
        };
        let groups = Groups::new(std::slice::from_ref(&members), &[separation(1, 3)], &IdIndex::RowNumbers(3)).unwrap();
        let weights = [(0, 2), (2, 0), (0, 1)].map(|(a, b)| groups.weight(Row(a), Row(b)));
        assert_eq!(weights, [-0.75, -0.75, 0.0]);
        let error = Groups::new(&[members], &[separation(1, 9)], &IdIndex::RowNumbers(3)).unwrap_err();
        assert!(error.to_string().contains("9 of a"), "{error}");
    }

    #[test]
    fn a_member_that_does_not_exist_is_an_error() {
        let error =
            Groups::new(&[memberships(&[(7, 0, 1.0, "label", false)])], &[], &IdIndex::RowNumbers(5)).unwrap_err();
        assert!(matches!(error, GraphError::UnknownId { row: 0, .. }), "{error}");
    }
}
