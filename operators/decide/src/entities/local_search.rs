//! Local search: moves units between clusters while the total log-odds rise.

use std::collections::BTreeSet;

use super::agglomeration::{Linkage, agglomerate};
use super::subproblem::{Link, Subproblem, by_smallest, merge_by_cluster};

/// A move has to gain more than this, so that rounding cannot move a unit to and fro.
const LEAST_GAIN: f64 = 1e-9;

/// A partition of units that improves by moves of one unit.
pub(super) struct LocalSearch<'a> {
    problem: &'a Subproblem,
    clusters: Vec<u32>,
    /// By cluster: its rows.
    sizes: Vec<u64>,
    /// Clusters without rows.
    free: Vec<u32>,
    links: Neighbours<Link>,
    cannot_links: Neighbours<()>,
    /// By unit: the sources of its rows.
    sources: Neighbours<()>,
    /// (cluster, source) of all rows.
    taken: BTreeSet<(u32, u32)>,
    /// The evidence between the present unit and the clusters around it.
    around: Vec<(u32, Link)>,
    /// By cluster: whether a unit came or left.
    changed: Vec<bool>,
}

impl<'a> LocalSearch<'a> {
    /// Starts from clusters of units, each numbered by one of its units.
    pub(super) fn new(problem: &'a Subproblem, clusters: &[u32]) -> Self {
        let units = clusters.len();
        let (links, cannot, sources) = (&problem.links, &problem.cannot_links, &problem.sources);
        let mut search = Self {
            problem,
            clusters: vec![],
            sizes: vec![],
            free: vec![],
            links: Neighbours::of(units, links.iter().flat_map(|&(a, b, link)| [(a, b, link), (b, a, link)])),
            cannot_links: Neighbours::of(units, cannot.iter().flat_map(|&(a, b)| [(a, b, ()), (b, a, ())])),
            sources: Neighbours::of(units, sources.iter().map(|&(unit, source)| (unit, source, ()))),
            taken: BTreeSet::new(),
            around: vec![],
            changed: vec![],
        };
        search.restart(clusters);
        search
    }

    /// Starts again from other clusters.
    pub(super) fn restart(&mut self, clusters: &[u32]) {
        let problem = self.problem;
        self.sizes = vec![0; clusters.len()];
        clusters.iter().zip(&problem.sizes).for_each(|(&cluster, size)| self.sizes[cluster as usize] += size);
        self.free = (0..clusters.len() as u32).rev().filter(|&cluster| self.sizes[cluster as usize] == 0).collect();
        self.taken = problem.sources.iter().map(|&(unit, source)| (clusters[unit as usize], source)).collect();
        self.clusters = clusters.to_vec();
    }

    /// Moves each unit to the cluster among its neighbours, or alone, where it adds most to the total log-odds, never
    /// across a barrier, until a pass moves none or `passes` are over. Says whether any moved.
    pub(super) fn run(&mut self, passes: usize) -> bool {
        self.changed = vec![false; self.clusters.len()];
        let mut improved = false;
        for _ in 0..passes {
            let moved = (0..self.clusters.len()).filter(|&unit| self.improve(unit)).count();
            improved |= moved > 0;
            if moved == 0 {
                break;
            }
        }
        improved
    }

    /// Merges clusters as [`agglomerate`] does, where no two fitted before the last [`run`](Self::run). Two clusters
    /// fit only if one of them changed, and a merged one fits a third only if one that changed is linked with it. So it
    /// suffices to look at clusters that changed and at their neighbours. Each cluster of the answer is numbered by its
    /// smallest unit.
    pub(super) fn merge_changed(&self) -> Vec<u32> {
        let changed = |unit: usize| self.changed[self.clusters[unit] as usize];
        let mut near = self.changed.clone();
        for unit in (0..self.clusters.len()).filter(|&unit| changed(unit)) {
            self.links.of_unit(unit).iter().for_each(|&(other, _)| near[self.clusters[other as usize] as usize] = true);
        }
        let units: Vec<u32> =
            (0..self.clusters.len() as u32).filter(|&unit| near[self.clusters[unit as usize] as usize]).collect();
        let part = self.problem.restricted(&units);
        // Clusters of the part, numbered by one of its units.
        let mut number = vec![u32::MAX; self.clusters.len()];
        let own = (0..).zip(&units).map(|(at, &unit)| {
            let number = &mut number[self.clusters[unit as usize] as usize];
            *number = (*number).min(at);
            *number
        });
        let own: Vec<u32> = own.collect();
        let mut merged = self.clusters.clone();
        for (at, &cluster) in agglomerate(&part, &own, Linkage::Total).iter().enumerate() {
            merged[units[at] as usize] = self.clusters[units[cluster as usize] as usize];
        }
        by_smallest(&merged)
    }

    /// For each unit the smallest unit of its cluster.
    pub(super) fn clusters(&self) -> Vec<u32> {
        by_smallest(&self.clusters)
    }

    /// Moves a unit to where it fits best; whether it moved.
    fn improve(&mut self, unit: usize) -> bool {
        let (own, size) = (self.clusters[unit], self.problem.sizes[unit]);
        self.look_around(unit);
        let rest = self.sizes[own as usize] - size;
        let here = self.around.iter().find(|(cluster, _)| *cluster == own).map_or(Link::default(), |found| found.1);
        let here = here.total((size, rest), self.problem.unseen);
        // Alone it adds nothing.
        let mut best = (0.0, None);
        for &(cluster, link) in self.around.iter().filter(|(cluster, _)| *cluster != own) {
            let there = link.total((size, self.sizes[cluster as usize]), self.problem.unseen);
            if there > best.0 && !self.barred(unit, cluster) {
                best = (there, Some(cluster));
            }
        }
        if best.0 <= here + LEAST_GAIN * (1.0 + here.abs()) {
            return false;
        }
        // A unit that is alone has no better place alone, so there is a free cluster.
        let Some(target) = best.1.or_else(|| self.free.pop()) else { return false };
        self.relocate(unit, target);
        true
    }

    /// Sums the links of a unit by the clusters of its neighbours.
    fn look_around(&mut self, unit: usize) {
        let links = self.links.of_unit(unit).iter();
        self.around.clear();
        self.around.extend(links.map(|&(other, link)| (self.clusters[other as usize], link)));
        merge_by_cluster(&mut self.around);
    }

    fn barred(&self, unit: usize, cluster: u32) -> bool {
        self.cannot_links.of_unit(unit).iter().any(|(other, ())| self.clusters[*other as usize] == cluster)
            || self.sources.of_unit(unit).iter().any(|(source, ())| self.taken.contains(&(cluster, *source)))
    }

    fn relocate(&mut self, unit: usize, target: u32) {
        let own = std::mem::replace(&mut self.clusters[unit], target);
        let size = self.problem.sizes[unit];
        self.sizes[own as usize] -= size;
        self.sizes[target as usize] += size;
        self.changed[own as usize] = true;
        self.changed[target as usize] = true;
        if self.sizes[own as usize] == 0 {
            self.free.push(own);
        }
        for (source, ()) in self.sources.of_unit(unit) {
            self.taken.remove(&(own, *source));
            self.taken.insert((target, *source));
        }
    }
}

/// What each unit is connected with.
struct Neighbours<T> {
    starts: Vec<usize>,
    all: Vec<(u32, T)>,
}

impl<T: Copy> Neighbours<T> {
    fn of(units: usize, edges: impl Iterator<Item = (u32, u32, T)> + Clone) -> Self {
        let mut starts = vec![0; units + 1];
        edges.clone().for_each(|(unit, ..)| starts[unit as usize + 1] += 1);
        (0..units).for_each(|unit| starts[unit + 1] += starts[unit]);
        let Some((_, other, value)) = edges.clone().next() else { return Self { starts, all: vec![] } };
        let mut all = vec![(other, value); starts[units]];
        let mut next = starts.clone();
        for (unit, other, value) in edges {
            all[next[unit as usize]] = (other, value);
            next[unit as usize] += 1;
        }
        Self { starts, all }
    }

    fn of_unit(&self, unit: usize) -> &[(u32, T)] {
        &self.all[self.starts[unit]..self.starts[unit + 1]]
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problem(links: &[(u32, u32, f64)], units: u32) -> Subproblem {
        let link = |&(a, b, log_odds)| (a, b, Link { log_odds, pairs: 1 });
        Subproblem {
            rows: (0..units).collect(),
            sizes: vec![1; units as usize],
            links: links.iter().map(link).collect(),
            ..Subproblem::default()
        }
    }

    fn improved(problem: &Subproblem, clusters: &[u32]) -> Option<Vec<u32>> {
        let mut search = LocalSearch::new(problem, clusters);
        search.run(10).then(|| search.clusters())
    }

    #[test]
    fn a_unit_in_the_wrong_cluster_moves() {
        let problem = problem(&[(0, 1, 2.0), (1, 2, 3.0), (2, 3, 3.0), (0, 2, -3.0), (1, 3, 2.0)], 4);
        assert_eq!(improved(&problem, &[0, 0, 2, 2]), Some(vec![0, 1, 1, 1]));
        assert_eq!(improved(&problem, &[0, 1, 1, 1]), None);
    }

    #[test]
    fn a_unit_leaves_and_takes_a_free_number() {
        let problem = problem(&[(0, 1, -2.0), (0, 2, -1.0), (1, 2, 4.0)], 3);
        assert_eq!(improved(&problem, &[0, 0, 0]), Some(vec![0, 1, 1]));
    }

    #[test]
    fn barriers_stay() {
        let mut problem = problem(&[(0, 1, 1.0), (1, 2, 5.0)], 3);
        problem.cannot_links = vec![(1, 2)];
        assert_eq!(improved(&problem, &[0, 0, 2]), None);
        problem.cannot_links.clear();
        problem.sources = vec![(0, 4), (1, 5), (2, 5)];
        assert_eq!(improved(&problem, &[0, 0, 2]), None);
        problem.sources = vec![(0, 5), (1, 6), (2, 5)];
        assert_eq!(improved(&problem, &[0, 0, 2]), Some(vec![0, 1, 1]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn merging_what_changed_is_merging_all(
            log_odds in prop::collection::vec(prop::option::weighted(0.4, -4.0..4.0f64), 105),
            cannot in prop::collection::vec((0u32..15, 0u32..15), 0..4),
            unseen in -1.0..0.0f64,
        ) {
            let ends = (0..15u32).flat_map(|b| (0..b).map(move |a| (a, b)));
            let links: Vec<_> = ends.zip(&log_odds).filter_map(|((a, b), z)| z.map(|z| (a, b, z))).collect();
            let mut problem = problem(&links, 15);
            problem.unseen = unseen;
            problem.cannot_links = cannot.into_iter().filter(|(a, b)| a != b).collect();
            let greedy = agglomerate(&problem, &(0..15).collect::<Vec<_>>(), Linkage::Total);
            let mut search = LocalSearch::new(&problem, &greedy);
            search.run(10);
            prop_assert_eq!(search.merge_changed(), agglomerate(&problem, &search.clusters(), Linkage::Total));
        }
    }
}
