//! Subproblems: the rows that could be one entity, apart from all others.

use super::evidence::Evidence;
use super::grouping::Grouping;

/// The evidence between two sets of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Link {
    /// The sum over their scored pairs.
    pub log_odds: f64,
    /// How many pairs were scored.
    pub pairs: u64,
}

impl Link {
    pub(super) fn add(&mut self, other: Self) {
        self.log_odds += other.log_odds;
        self.pairs += other.pairs;
    }

    /// The sum over all pairs of two sets of these sizes, those that were not scored included.
    pub(super) fn total(self, sizes: (u64, u64), unseen: f64) -> f64 {
        self.log_odds + unseen * (sizes.0 as f64 * sizes.1 as f64 - self.pairs as f64)
    }
}

/// A component of rows: what is in different components is never one entity. Its units are the groups of rows that
/// must-links join, and rows that are in none, numbered from 0 by their smallest row.
#[derive(Debug, Default)]
pub(super) struct Subproblem {
    /// By unit: its smallest row.
    pub rows: Vec<u32>,
    /// By unit: how many rows it has.
    pub sizes: Vec<u64>,
    /// Links (unit, larger unit, evidence), each pair of units once, by units.
    pub links: Vec<(u32, u32, Link)>,
    /// Cannot-links (unit, other unit).
    pub cannot_links: Vec<(u32, u32)>,
    /// (unit, source) of all rows; empty if rows have no source.
    pub sources: Vec<(u32, u32)>,
    /// The log-odds of an unseen pair.
    pub unseen: f64,
}

impl Subproblem {
    /// The part of some units, ascending, which are numbered anew.
    pub(super) fn restricted(&self, units: &[u32]) -> Self {
        let mut number = vec![None; self.rows.len()];
        (0..).zip(units).for_each(|(at, &unit)| number[unit as usize] = Some(at));
        let number = |unit: u32| number[unit as usize];
        let links = self.links.iter().filter_map(|&(a, b, link)| Some((number(a)?, number(b)?, link)));
        Self {
            rows: units.iter().map(|&unit| self.rows[unit as usize]).collect(),
            sizes: units.iter().map(|&unit| self.sizes[unit as usize]).collect(),
            links: links.collect(),
            cannot_links: self.cannot_links.iter().filter_map(|&(a, b)| Some((number(a)?, number(b)?))).collect(),
            sources: self.sources.iter().filter_map(|&(unit, source)| Some((number(unit)?, source))).collect(),
            unseen: self.unseen,
        }
    }
}

/// Splits the evidence into components, solves those of more than one unit, and puts the entities together: for each
/// row the smallest row of its entity. A component is held together by must-links and by pairs that `joins` accepts.
/// `solve` numbers the clusters of a subproblem's units, each cluster by its smallest unit.
pub(super) fn solve_components(
    evidence: &Evidence,
    joins: impl Fn(f64) -> bool,
    mut solve: impl FnMut(&Subproblem) -> Vec<u32>,
) -> Vec<u32> {
    let unit = |row: u32| evidence.must.root(row);
    let mut components = evidence.must.clone();
    evidence.pairs.iter().filter(|pair| joins(pair.log_odds)).for_each(|pair| components.join(pair.a, pair.b));
    components.compress();
    let rows = 0..evidence.rows as u32;
    let members = Grouping::of(evidence.rows, rows.clone().map(|row| components.root(row)));
    // Pairs between two components can be sorted to either: they are skipped below.
    let pairs = Grouping::of(evidence.rows, evidence.pairs.iter().map(|pair| components.root(pair.a)));
    let cannot = Grouping::of(evidence.rows, evidence.cannot_links.iter().map(|link| components.root(link.0)));

    let mut entities: Vec<u32> = rows.map(unit).collect();
    // The number of each unit's smallest row within its component.
    let mut number = vec![0_u32; evidence.rows];
    for component in 0..evidence.rows {
        let members = members.members(component);
        let mut found = Subproblem { unseen: evidence.unseen, ..Subproblem::default() };
        for &row in members.iter().filter(|&&row| unit(row) == row) {
            number[row as usize] = found.rows.len() as u32;
            found.rows.push(row);
        }
        if found.rows.len() < 2 {
            continue;
        }
        let number = |row: u32| number[unit(row) as usize];
        found.sizes = vec![0; found.rows.len()];
        members.iter().for_each(|&row| found.sizes[number(row) as usize] += 1);
        if !evidence.sources.is_empty() {
            found.sources = members.iter().map(|&row| (number(row), evidence.sources[row as usize])).collect();
        }
        let inside = |a: u32, b: u32| components.root(a) == components.root(b);
        for pair in pairs.members(component).iter().map(|&at| evidence.pairs[at as usize]) {
            let (a, b) = (number(pair.a), number(pair.b));
            if inside(pair.a, pair.b) && a != b {
                found.links.push((a.min(b), a.max(b), Link { log_odds: pair.log_odds, pairs: 1 }));
            }
        }
        merge_repeated(&mut found.links);
        let cannot = cannot.members(component).iter().map(|&at| evidence.cannot_links[at as usize]);
        found.cannot_links = cannot.filter(|&(a, b)| inside(a, b)).map(|(a, b)| (number(a), number(b))).collect();
        for (unit, &cluster) in solve(&found).iter().enumerate() {
            entities[found.rows[unit] as usize] = found.rows[cluster as usize];
        }
    }
    // A unit's smallest row knows the entity, the others know that row.
    (0..evidence.rows).for_each(|row| entities[row] = entities[evidence.must.root(row as u32) as usize]);
    entities
}

/// Sorts links by their ends and adds up those between the same two.
fn merge_repeated(links: &mut Vec<(u32, u32, Link)>) {
    // Stable, so that sums have one order.
    links.sort_by_key(|link| (link.0, link.1));
    links.dedup_by(|after, before| {
        let same = (before.0, before.1) == (after.0, after.1);
        if same {
            before.2.add(after.2);
        }
        same
    });
}

/// Sorts links to clusters by cluster and adds up those to the same one.
pub(super) fn merge_by_cluster(links: &mut Vec<(u32, Link)>) {
    links.sort_by_key(|link| link.0);
    links.dedup_by(|after, before| {
        let same = before.0 == after.0;
        if same {
            before.1.add(after.1);
        }
        same
    });
}

/// Renumbers clusters so that each has the number of its smallest unit.
pub(super) fn by_smallest(labels: &[u32]) -> Vec<u32> {
    let mut smallest = vec![u32::MAX; labels.len()];
    let numbered = labels.iter().enumerate().map(|(unit, &label)| {
        let smallest = &mut smallest[label as usize];
        *smallest = (*smallest).min(unit as u32);
        *smallest
    });
    numbered.collect()
}

#[cfg(test)]
mod tests {
    use super::super::evidence::ScoredPair;
    use super::*;

    #[test]
    fn a_component_has_its_units_links_and_barriers() {
        let pair = |a, b, log_odds| ScoredPair { a, b, log_odds };
        let pairs = vec![pair(0, 2, 1.0), pair(1, 2, 0.5), pair(2, 5, -3.0), pair(4, 5, 2.0), pair(0, 1, 9.0)];
        let evidence = Evidence::new(6, pairs).unwrap().with_must_links(vec![(0, 1)]).unwrap();
        let evidence = evidence.with_cannot_links(vec![(1, 2), (2, 4)]).unwrap();
        let evidence = evidence.with_sources(vec![7, 8, 7, 7, 7, 8]).unwrap();
        let mut rows = Vec::new();
        let entities = solve_components(
            &evidence,
            |log_odds| log_odds > 0.0,
            |problem| {
                rows.push(problem.rows.clone());
                if rows.len() == 1 {
                    assert_eq!(problem.sizes, [2, 1]);
                    assert_eq!(problem.links, [(0, 1, Link { log_odds: 1.5, pairs: 2 })]);
                    assert_eq!(problem.cannot_links, [(0, 1)]);
                    assert_eq!(problem.sources, [(0, 7), (0, 8), (1, 7)]);
                }
                vec![0, 0]
            },
        );
        assert_eq!(rows, [[0, 2], [4, 5]]);
        assert_eq!(entities, [0, 0, 0, 3, 4, 4]);
    }

    #[test]
    fn totals_count_unseen_pairs() {
        assert_eq!(Link { log_odds: 3.0, pairs: 2 }.total((2, 3), -0.5), 1.0);
        assert_eq!(by_smallest(&[3, 1, 3, 1, 0]), [0, 1, 0, 1, 4]);
    }
}
