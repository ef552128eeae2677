//! Known relations: what statements and answers say for certain about rows, as must-links and cannot-links.

use std::collections::{BTreeMap, HashMap, HashSet};

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float32Type, UInt64Type};
use relata_active::query_loop::QueryLoop;
use relata_data::index::{Row, SampleId, TrainingRow};
use relata_data::source::Samples;
use relata_graph::Components;
use relata_schemas::{edges, memberships};

use crate::error::Result;
use crate::store::{Artifact, Run};

/// Weights from which on a relation counts as known.
const CERTAIN: f32 = 1.0;
/// Exclusive groups of one relation, of which every two are apart; more would be too many pairs.
const MOST_GROUPS: usize = 2000;
/// The relation of neighbours, which is a guess, whatever its weight.
const GUESS: &str = "nearest";

/// Must-links and cannot-links between rows, which do not contradict each other.
pub(in crate::stages) struct KnownRelations {
    joined: Components,
    /// Roots of components that are apart.
    apart: HashSet<(u32, u32)>,
    must_links: Vec<(u32, u32)>,
    cannot_links: Vec<(u32, u32)>,
    /// Cannot-links that gave way to must-links.
    pub contradictions: usize,
}

/// The members of a group of a relation, and whether other groups of it are apart.
#[derive(Default)]
struct Members {
    rows: Vec<Row>,
    exclusive: bool,
}

impl KnownRelations {
    /// What the tables of `run` and the answers say. Of the tables those relations count whose weight is whole, but not
    /// those of nearest neighbours.
    pub fn read(run: &Run, samples: &Samples, query_loop: Option<&QueryLoop<'_>>, training: &[Row]) -> Result<Self> {
        let (mut must_links, mut cannot_links) = (Vec::new(), Vec::new());
        let pair = |a: Row, b: Row| (a.0.min(b.0), a.0.max(b.0));
        let row = |id: u64| samples.ids.row(SampleId(id));
        for batch in run.read(Artifact::Edges)? {
            let (src, dst) = (ids(&batch, edges::SRC), ids(&batch, edges::DST));
            let weight = batch[edges::WEIGHT].as_primitive::<Float32Type>().values();
            let rel = batch[edges::REL].as_string::<i32>();
            for at in (0..batch.num_rows()).filter(|&at| weight[at].abs() >= CERTAIN && rel.value(at) != GUESS) {
                if let (Some(a), Some(b)) = (row(src[at]), row(dst[at])) {
                    let links = if weight[at] > 0.0 { &mut must_links } else { &mut cannot_links };
                    links.push(pair(a, b));
                }
            }
        }
        let mut groups: BTreeMap<(String, u64), Members> = BTreeMap::new();
        for batch in run.read(Artifact::Memberships)? {
            let (members, group) = (ids(&batch, memberships::ID), ids(&batch, memberships::GROUP));
            let weight = batch[memberships::WEIGHT].as_primitive::<Float32Type>().values();
            let rel = batch[memberships::REL].as_string::<i32>();
            let exclusive = batch[memberships::EXCLUSIVE].as_boolean();
            for at in (0..batch.num_rows()).filter(|&at| weight[at] >= CERTAIN && rel.value(at) != GUESS) {
                let known = groups.entry((rel.value(at).to_owned(), group[at])).or_default();
                known.rows.extend(row(members[at]));
                known.exclusive |= exclusive.value(at);
            }
        }
        must_links.extend(groups.values().flat_map(|group| group.rows.windows(2)).map(|two| pair(two[0], two[1])));
        let exclusive: Vec<_> = groups.iter().filter(|(_, group)| group.exclusive).collect();
        if exclusive.len() <= MOST_GROUPS {
            for (at, ((rel, _), one)) in exclusive.iter().enumerate() {
                let others = exclusive[at + 1..].iter().filter(|((other, _), _)| other == rel);
                let apart = others.filter_map(|(_, other)| Some(pair(*one.rows.first()?, *other.rows.first()?)));
                cannot_links.extend(apart);
            }
        }
        if let Some(query_loop) = query_loop {
            let rows = |(a, b): (TrainingRow, TrainingRow)| pair(training[a.index()], training[b.index()]);
            must_links.extend(query_loop.must_links().map(rows));
            cannot_links.extend(query_loop.cannot_links().map(rows));
        }
        Ok(Self::of(samples.ids.rows(), must_links, cannot_links))
    }

    pub(super) fn of(rows: usize, must_links: Vec<(u32, u32)>, cannot_links: Vec<(u32, u32)>) -> Self {
        let mut joined = Components::new(rows);
        must_links.iter().for_each(|&(a, b)| joined.join(a, b));
        joined.compress();
        let root = |row: u32| joined.root(row);
        let (contradicting, mut cannot_links): (Vec<_>, Vec<_>) =
            cannot_links.into_iter().partition(|&(a, b)| root(a) == root(b));
        cannot_links.sort_unstable();
        cannot_links.dedup();
        let apart = cannot_links.iter().map(|&(a, b)| (root(a).min(root(b)), root(a).max(root(b)))).collect();
        Self { joined, apart, must_links, cannot_links, contradictions: contradicting.len() }
    }

    /// Whether two rows are known to be the same, or known not to be.
    pub fn relation(&self, a: Row, b: Row) -> Option<bool> {
        let (a, b) = (self.joined.root(a.0), self.joined.root(b.0));
        if a == b {
            return Some(true);
        }
        self.apart.contains(&(a.min(b), a.max(b))).then_some(false)
    }

    /// By row the number of its group, of all rows that something is known of and of `more`; and which groups are apart, the
    /// smaller number first.
    pub fn groups(&self, rows: usize, more: impl Iterator<Item = u32>) -> (Vec<Option<u32>>, HashSet<(u32, u32)>) {
        let mut touched = vec![false; rows];
        let links = self.must_links.iter().chain(&self.cannot_links).flat_map(|&(a, b)| [a, b]);
        links.chain(more).for_each(|row| touched[row as usize] = true);
        let (mut numbers, mut of_row) = (HashMap::new(), vec![None; rows]);
        for row in (0..rows).filter(|&row| touched[row]) {
            let next = numbers.len() as u32;
            of_row[row] = Some(*numbers.entry(self.joined.root(row as u32)).or_insert(next));
        }
        let pair = |(a, b): &(u32, u32)| (numbers[a].min(numbers[b]), numbers[a].max(numbers[b]));
        (of_row, self.apart.iter().map(pair).collect())
    }

    /// Pairs that are known to be the same; all others that are follow from them.
    pub fn must_links(&self) -> &[(u32, u32)] {
        &self.must_links
    }

    /// Pairs that are known not to be the same; all others that are follow from them and the must-links.
    pub fn cannot_links(&self) -> &[(u32, u32)] {
        &self.cannot_links
    }
}

fn ids<'a>(batch: &'a RecordBatch, column: &str) -> &'a [u64] {
    batch[column].as_primitive::<UInt64Type>().values()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relations_follow_from_each_other_and_must_links_win() {
        let known = KnownRelations::of(6, vec![(0, 1), (1, 2), (3, 4)], vec![(2, 3), (0, 2)]);
        assert_eq!(known.relation(Row(0), Row(2)), Some(true));
        assert_eq!(known.relation(Row(4), Row(0)), Some(false));
        assert_eq!(known.relation(Row(4), Row(5)), None);
        let (of_row, apart) = known.groups(6, [5].into_iter());
        assert_eq!(of_row, [Some(0), Some(0), Some(0), Some(1), Some(1), Some(2)]);
        assert_eq!(apart, HashSet::from([(0, 1)]));
        assert_eq!((known.contradictions, known.cannot_links()), (1, &[(2, 3)][..]));
    }
}
