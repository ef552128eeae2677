//! Pairs of groups, a sample: groups imply more pairs than can be looked at one by one.

use std::collections::BTreeSet;

use rand::RngExt;
use relata_data::index::{GroupNumber, Row};
use relata_data::seed::{Purpose, Rng};

use crate::must_link::{Group, Groups};

/// Draws from the pairs within the groups of a relation, and as many from those between them.
const DRAWS: u64 = 4096;

/// Pairs of rows about which groups say something: of each relation all pairs if they are few, otherwise some that are
/// drawn. The smaller row comes first.
pub(super) fn group_pairs(groups: &Groups, seed: u64) -> BTreeSet<(Row, Row)> {
    let mut drawn = BTreeSet::new();
    let mut of_relation: Vec<Vec<(GroupNumber, &Group)>> = vec![vec![]; groups.relations().len()];
    for (number, group) in (0..).map(GroupNumber).zip(groups.iter()) {
        of_relation[group.rel as usize].push((number, group));
    }
    for (relation, of_relation) in (0u64..).zip(&of_relation) {
        let within: Vec<Block<'_>> =
            of_relation.iter().map(|(_, group)| (&group.members[..], &group.members[..])).collect();
        draw(&within, &mut Purpose::ComparedPairs.stream(seed, &[relation, 0]), &mut drawn);

        let links = of_relation.iter().flat_map(|&(number, group)| {
            let others = groups.cannot_links(number).iter().filter(move |(other, _)| *other > number);
            others.map(move |(other, _)| (&group.members[..], &groups.iter()[other.index()].members[..]))
        });
        let apart: Vec<Block<'_>> = links.collect();
        draw(&apart, &mut Purpose::ComparedPairs.stream(seed, &[relation, 1]), &mut drawn);

        let exclusive = of_relation.iter().filter(|(_, group)| group.exclusive);
        let members: Vec<Row> = exclusive.flat_map(|(_, group)| group.members.iter().copied()).collect();
        draw(&[(&members[..], &members[..])], &mut Purpose::ComparedPairs.stream(seed, &[relation, 2]), &mut drawn);
    }
    drawn
}

/// The pairs of a row of the one side and a row of the other.
type Block<'a> = (&'a [Row], &'a [Row]);

fn pairs((a, b): Block<'_>) -> u64 {
    a.len() as u64 * b.len() as u64
}

/// Adds pairs of these blocks.
fn draw(blocks: &[Block<'_>], rng: &mut Rng, drawn: &mut BTreeSet<(Row, Row)>) {
    let mut all = 0u64;
    let mut ends = Vec::with_capacity(blocks.len());
    for &block in blocks {
        all = all.saturating_add(pairs(block));
        ends.push(all);
    }
    let mut take = |nth: u64| {
        let at = ends.partition_point(|&end| end <= nth);
        let (a, b) = blocks[at];
        let place = nth - (ends[at] - pairs(blocks[at]));
        let (x, y) = (a[(place / b.len() as u64) as usize], b[(place % b.len() as u64) as usize]);
        if x != y {
            drawn.insert((x.min(y), x.max(y)));
        }
    };
    match all {
        0..=DRAWS => (0..all).for_each(take),
        _ => (0..DRAWS).for_each(|_| take(rng.random_range(0..all))),
    }
}

#[cfg(test)]
mod tests {
    use relata_data::id_index::IdIndex;
    use relata_data::index::SampleId;

    use super::*;
    use crate::groups_builder::GroupsBuilder;

    fn groups(rows: u64, group_of: impl Fn(u64) -> u64, exclusive: bool, apart: &[(u64, u64)]) -> Groups {
        let mut builder = GroupsBuilder::default();
        (0..rows).for_each(|row| builder.member("kin", group_of(row), SampleId(row), 1.0, exclusive));
        apart.iter().for_each(|&(a, b)| builder.cannot_link("kin", a, b, 1.0));
        builder.build(&IdIndex::RowNumbers(rows)).unwrap()
    }

    fn signs(groups: &Groups) -> (usize, usize) {
        let pairs = group_pairs(groups, 7);
        let weights: Vec<f32> = pairs.iter().map(|&(a, b)| groups.weight(a, b)).collect();
        (weights.iter().filter(|weight| **weight > 0.0).count(), weights.iter().filter(|weight| **weight < 0.0).count())
    }

    #[test]
    fn few_pairs_are_all_taken() {
        assert_eq!(signs(&groups(9, |row| row / 3, false, &[])), (9, 0));
        assert_eq!(signs(&groups(9, |row| row / 3, false, &[(0, 2)])), (9, 9));
        assert_eq!(signs(&groups(9, |row| row / 3, true, &[])), (9, 27));
        assert_eq!(signs(&Groups::default()), (0, 0));
    }

    #[test]
    fn many_pairs_are_drawn_of_both_signs_and_the_same_again() {
        let groups = groups(10_000, |row| row % 10, true, &[]);
        let (positives, negatives) = signs(&groups);
        assert!((4000..=4600).contains(&positives) && (3500..=3800).contains(&negatives), "{positives} {negatives}");
        assert_eq!(group_pairs(&groups, 7), group_pairs(&groups, 7));
        assert_ne!(group_pairs(&groups, 7), group_pairs(&groups, 8));
    }
}
