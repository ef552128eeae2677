//! Prior knowledge: what is known before any question, from must-link groups and the cannot-links between them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use relata_data::index::{GroupNumber, Row, TrainingRow};
use relata_graph::Groups;

use crate::inference::Constraint;

/// The number of exclusive groups of a relation, largest first, between all of which a belief gets cannot-links. The
/// cost is its square; what is known about smaller groups, [`Prior::knows`] still tells.
const MOST_EXCLUSIVE: usize = 1_000;

/// Prior knowledge about pairs of training rows.
#[derive(Debug, Clone, Copy)]
pub(super) struct Prior<'a> {
    /// By row of the dataset.
    pub groups: &'a Groups,
    /// The training rows.
    pub rows: &'a [Row],
}

impl Prior<'_> {
    /// Whether it is certain from the start that two training rows are related, or that they are not.
    pub fn knows(&self, a: TrainingRow, b: TrainingRow) -> bool {
        let [a, b] = [a, b].map(|row| self.rows[row.index()]);
        self.groups.weight(a, b).abs() >= 1.0
    }
}

/// Prior knowledge as constraints: a chain of must-links through each group of weight 1, and a cannot-link between two
/// groups that are separated, or exclusive and among the thousand largest of their relation. Each must-link is two
/// constraints of half the weight, so that it is not doubted as a single answer may be. Explicit edges, such as those
/// of nearest neighbours, are not among them. See [`QueryLoop::open`](super::QueryLoop::open) for the arguments.
pub fn prior_constraints(groups: &Groups, rows: &[Row]) -> Vec<Constraint> {
    let positions: BTreeMap<Row, TrainingRow> = rows.iter().copied().zip((0..).map(TrainingRow)).collect();
    // Numbers of the ledger ascend from 1; those of what is given descend from the other end.
    let (mut constraints, mut number) = (Vec::new(), u64::MAX);
    let mut state = |a, b, related, weight| {
        constraints.push(Constraint { number, a, b, related, weight });
        number -= 1;
    };
    // By number of the group: its first training row, and how many it has.
    let mut heads: BTreeMap<GroupNumber, (TrainingRow, usize)> = BTreeMap::new();
    let mut exclusive: BTreeMap<u32, Vec<GroupNumber>> = BTreeMap::new();
    for (group, at) in groups.iter().iter().zip((0..).map(GroupNumber)).filter(|(group, _)| group.weight >= 1.0) {
        let members: Vec<TrainingRow> = group.members.iter().filter_map(|row| positions.get(row).copied()).collect();
        let Some(&head) = members.first() else { continue };
        for pair in members.windows(2) {
            (0..2).for_each(|_| state(pair[0], pair[1], true, 0.5));
        }
        heads.insert(at, (head, members.len()));
        if group.exclusive {
            exclusive.entry(group.rel).or_default().push(at);
        }
    }
    for mut largest in exclusive.into_values() {
        largest.sort_by_key(|at| Reverse(heads[at].1));
        largest.truncate(MOST_EXCLUSIVE);
        for (nth, group) in largest.iter().enumerate() {
            largest[..nth].iter().for_each(|other| state(heads[other].0, heads[group].0, false, 1.0));
        }
    }
    for (group, &(head, _)) in &heads {
        let separated = groups.cannot_links(*group).iter().filter(|(other, weight)| other > group && *weight >= 1.0);
        for (other, _) in separated.filter_map(|(other, _)| heads.get(other)) {
            state(head, *other, false, 1.0);
        }
    }
    constraints
}

#[cfg(test)]
mod tests {
    use super::super::fixture::groups;
    use super::*;
    use crate::inference::{Belief, BeliefSettings, Relation};

    fn belief(groups: &Groups, rows: &[Row]) -> Belief {
        let mut belief = Belief::new(rows.len(), BeliefSettings { bridges_from: 1, ..Default::default() });
        for constraint in prior_constraints(groups, rows) {
            belief.add(constraint);
        }
        belief
    }

    #[test]
    fn groups_and_separations_are_known_and_not_doubted() {
        // Rows 0 to 2, and 3, of two exclusive classes; rows 4, 5 and 6, 7 of groups that are separated; 8 is in none.
        let members = [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 2), (6, 3), (7, 3)];
        let groups = groups(9, &members, |group| group < 2, &[(2, 3)]);
        let rows = [0, 2, 3, 4, 5, 7, 8].map(Row);
        let belief = belief(&groups, &rows);
        let known = Prior { groups: &groups, rows: &rows };
        for (a, b, expected) in [
            (0, 1, Some(Relation::Positive)),
            (0, 2, Some(Relation::Negative)),
            (3, 4, Some(Relation::Positive)),
            (4, 5, Some(Relation::Negative)),
            (2, 5, None),
            (0, 6, None),
        ] {
            let (a, b) = (TrainingRow(a), TrainingRow(b));
            assert_eq!(belief.relation(a, b), expected, "{a} {b}");
            assert_eq!(known.knows(a, b), expected.is_some(), "{a} {b}");
        }
        assert!(belief.doubts().is_empty(), "{:?}", belief.doubts());
    }

    #[test]
    fn many_exclusive_groups_cost_no_square_and_are_known_all_the_same() {
        let members: Vec<(u64, u64)> = (0..20_000).map(|row| (row, row / 2)).collect();
        let groups = groups(20_000, &members, |_| true, &[]);
        let rows: Vec<Row> = (0..20_000).map(Row).collect();
        let found = prior_constraints(&groups, &rows);
        assert!(found.len() < 600_000, "{}", found.len());
        let known = Prior { groups: &groups, rows: &rows };
        let [first, last, other] = [0, 19_999, 19_998].map(TrainingRow);
        assert!(known.knows(first, last) && known.knows(other, last));
    }
}
