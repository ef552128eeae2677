//! Local search: moves units between clusters while the total log-odds rise.

use std::collections::BTreeSet;

use super::subproblem::{Link, Subproblem, by_smallest, merge_by_cluster};

/// A move has to gain more than this, so that rounding cannot move a unit to and fro.
const LEAST_GAIN: f64 = 1e-9;

/// Moves each unit to the cluster among its neighbours, or alone, where it adds most to the total log-odds, never across
/// a barrier, until a pass moves none or `passes` are over. Says whether any moved. Each cluster is numbered by its
/// smallest unit, before and after.
pub(super) fn improve(problem: &Subproblem, clusters: &mut Vec<u32>, passes: usize) -> bool {
    let mut search = Search::new(problem, clusters);
    let mut improved = false;
    for _ in 0..passes {
        let moved = (0..clusters.len()).filter(|&unit| search.improve(unit)).count();
        improved |= moved > 0;
        if moved == 0 {
            break;
        }
    }
    *clusters = by_smallest(&search.clusters);
    improved
}

struct Search<'a> {
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
}

impl<'a> Search<'a> {
    fn new(problem: &'a Subproblem, clusters: &[u32]) -> Self {
        let mut sizes = vec![0; clusters.len()];
        clusters.iter().zip(&problem.sizes).for_each(|(&cluster, size)| sizes[cluster as usize] += size);
        let free = (0..clusters.len() as u32).rev().filter(|&cluster| sizes[cluster as usize] == 0).collect();
        let both = |(a, b, value)| [(a, b, value), (b, a, value)];
        let units = clusters.len();
        Self {
            problem,
            clusters: clusters.to_vec(),
            sizes,
            free,
            links: Neighbours::of(units, problem.links.iter().copied().flat_map(both)),
            cannot_links: Neighbours::of(
                units,
                problem.cannot_links.iter().flat_map(|&(a, b)| [(a, b, ()), (b, a, ())]),
            ),
            sources: Neighbours::of(units, problem.sources.iter().map(|&(unit, source)| (unit, source, ()))),
            taken: problem.sources.iter().map(|&(unit, source)| (clusters[unit as usize], source)).collect(),
            around: Vec::new(),
        }
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
    fn of(units: usize, edges: impl Iterator<Item = (u32, u32, T)>) -> Self {
        let mut edges: Vec<_> = edges.collect();
        edges.sort_by_key(|(unit, ..)| *unit);
        let mut starts = vec![0; units + 1];
        edges.iter().for_each(|(unit, ..)| starts[*unit as usize + 1] += 1);
        (0..units).for_each(|unit| starts[unit + 1] += starts[unit]);
        Self { starts, all: edges.into_iter().map(|(_, other, value)| (other, value)).collect() }
    }

    fn of_unit(&self, unit: usize) -> &[(u32, T)] {
        &self.all[self.starts[unit]..self.starts[unit + 1]]
    }
}

#[cfg(test)]
mod tests {
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

    #[test]
    fn a_unit_in_the_wrong_cluster_moves() {
        let problem = problem(&[(0, 1, 2.0), (1, 2, 3.0), (2, 3, 3.0), (0, 2, -3.0), (1, 3, 2.0)], 4);
        let mut clusters = vec![0, 0, 2, 2];
        assert!(improve(&problem, &mut clusters, 10));
        assert_eq!(clusters, [0, 1, 1, 1]);
        assert!(!improve(&problem, &mut clusters, 10));
    }

    #[test]
    fn a_unit_leaves_and_takes_a_free_number() {
        let problem = problem(&[(0, 1, -2.0), (0, 2, -1.0), (1, 2, 4.0)], 3);
        let mut clusters = vec![0, 0, 0];
        assert!(improve(&problem, &mut clusters, 10));
        assert_eq!(clusters, [0, 1, 1]);
    }

    #[test]
    fn barriers_stay() {
        let mut problem = problem(&[(0, 1, 1.0), (1, 2, 5.0)], 3);
        problem.cannot_links = vec![(1, 2)];
        let mut clusters = vec![0, 0, 2];
        assert!(!improve(&problem, &mut clusters, 10));
        problem.cannot_links.clear();
        problem.sources = vec![(0, 4), (1, 5), (2, 5)];
        assert!(!improve(&problem, &mut clusters, 10));
        problem.sources = vec![(0, 5), (1, 6), (2, 5)];
        assert!(improve(&problem, &mut clusters, 10));
        assert_eq!(clusters, [0, 1, 1]);
    }
}
