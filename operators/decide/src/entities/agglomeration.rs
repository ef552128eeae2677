//! Agglomerative clustering: merges the two clusters that fit best, until none do.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::barriers::Barriers;
use super::cluster_links::ClusterLinks;
use super::subproblem::{Link, Subproblem, by_smallest};

/// How well two clusters fit.
#[derive(Debug, Clone, Copy)]
pub(super) enum Linkage {
    /// The sum of the log-odds of all pairs between them, which has to be above 0.
    Total,
    /// Their mean, which has to be at least this; no lower than the log-odds of an unseen pair.
    Average(f64),
}

impl Linkage {
    /// How well two clusters fit; nothing if too badly.
    fn fit(self, link: Link, sizes: (u64, u64), unseen: f64) -> Option<f64> {
        let total = link.total(sizes, unseen);
        match self {
            Self::Total => Some(total).filter(|&total| total > 0.0),
            Self::Average(least) => Some(total / (sizes.0 as f64 * sizes.1 as f64)).filter(|&mean| mean >= least),
        }
    }
}

/// Merges clusters of units, the best fit first, never across a barrier. `clusters` numbers the cluster that each unit
/// starts in; the answer numbers each cluster by its smallest unit.
///
/// A heap holds a fit for every two linked clusters. It may be too high, since the pairs that a growing cluster was
/// never scored in only make it worse (they weigh at most 0, and no more than the least mean): then it goes back with
/// its present value when it comes up. Of two merged clusters, the one with more neighbours takes the other one's, so
/// that a link moves at most log(n) times.
pub(super) fn agglomerate(problem: &Subproblem, clusters: &[u32], linkage: Linkage) -> Vec<u32> {
    let mut state = Agglomeration::new(problem, clusters, linkage);
    while let Some(best) = state.heap.pop() {
        state.consider(best);
    }
    by_smallest(&clusters.iter().map(|&cluster| state.root(cluster)).collect::<Vec<_>>())
}

struct Agglomeration {
    linkage: Linkage,
    unseen: f64,
    /// By cluster: its rows; 0 once it is merged into another one.
    sizes: Vec<u64>,
    links: ClusterLinks,
    /// By cluster: the one that it was merged into, or itself.
    parent: Vec<u32>,
    barriers: Barriers,
    heap: BinaryHeap<Candidate>,
}

/// Two clusters that could be merged, a < b.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    fit: f64,
    a: u32,
    b: u32,
}

impl Agglomeration {
    fn new(problem: &Subproblem, clusters: &[u32], linkage: Linkage) -> Self {
        let count = clusters.len();
        let cluster = |unit: u32| clusters[unit as usize];
        let apart: Vec<_> = problem.cannot_links.iter().map(|&(a, b)| (cluster(a), cluster(b))).collect();
        let sources: Vec<_> = problem.sources.iter().map(|&(unit, source)| (cluster(unit), source)).collect();
        let links = problem.links.iter().map(|&(a, b, link)| (cluster(a), cluster(b), link));
        let links: Vec<_> = links.filter(|(a, b, _)| a != b).collect();
        let mut state = Self {
            linkage,
            unseen: problem.unseen,
            sizes: vec![0; count],
            links: ClusterLinks::new(count, &links),
            parent: (0..count as u32).collect(),
            barriers: Barriers::new(count, &apart, &sources),
            heap: BinaryHeap::new(),
        };
        for (&cluster, size) in clusters.iter().zip(&problem.sizes) {
            state.sizes[cluster as usize] += size;
        }
        // Links between the same two clusters give the same candidate, which does no harm.
        let present = |&(a, b, _): &(u32, u32, Link)| state.candidate(a, b, state.links.get(a, b)?);
        state.heap = links.iter().filter_map(present).collect();
        state
    }

    /// Two linked clusters, if they fit and no barrier is between them.
    fn candidate(&self, a: u32, b: u32, link: Link) -> Option<Candidate> {
        let fit = self.linkage.fit(link, (self.sizes[a as usize], self.sizes[b as usize]), self.unseen)?;
        (!self.barriers.between(a, b)).then(|| Candidate { fit, a: a.min(b), b: a.max(b) })
    }

    /// Merges two clusters if they still fit as well as when they were put into the heap.
    fn consider(&mut self, before: Candidate) {
        // A cluster that was merged has no links any more.
        let Some(link) = self.links.get(before.a, before.b) else { return };
        let Some(now) = self.candidate(before.a, before.b, link) else { return };
        if now.fit < before.fit {
            self.heap.push(now);
        } else {
            self.merge(now.a, now.b);
        }
    }

    fn merge(&mut self, a: u32, b: u32) {
        let weight = |cluster: u32| self.links.weight(cluster) + self.barriers.weight(cluster);
        let (into, from) = if weight(a) >= weight(b) { (a, b) } else { (b, a) };
        self.sizes[into as usize] += std::mem::take(&mut self.sizes[from as usize]);
        self.parent[from as usize] = into;
        self.barriers.merge(into, from);
        for (other, link) in self.links.merge(into, from) {
            self.heap.extend(self.candidate(into, other, link));
        }
    }

    /// The cluster that one was merged into; halves the way to it.
    fn root(&mut self, mut cluster: u32) -> u32 {
        while self.parent[cluster as usize] != cluster {
            let next = self.parent[self.parent[cluster as usize] as usize];
            self.parent[cluster as usize] = next;
            cluster = next;
        }
        cluster
    }
}

/// The best fit is the greatest, then the smaller clusters by number.
impl Ord for Candidate {
    fn cmp(&self, other: &Self) -> Ordering {
        let fit = self.fit.total_cmp(&other.fit);
        fit.then_with(|| Reverse((self.a, self.b)).cmp(&Reverse((other.a, other.b))))
    }
}

impl PartialOrd for Candidate {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Candidate {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All pairs of clusters are compared anew for every merge.
    fn naive(problem: &Subproblem, linkage: Linkage) -> Vec<u32> {
        let mut clusters: Vec<Vec<u32>> = (0..problem.rows.len() as u32).map(|unit| vec![unit]).collect();
        loop {
            let mut best: Option<(f64, usize, usize)> = None;
            for b in 0..clusters.len() {
                for a in 0..b {
                    let across = |x: &u32, y: &u32| {
                        (clusters[a].contains(x) && clusters[b].contains(y))
                            || (clusters[b].contains(x) && clusters[a].contains(y))
                    };
                    let mut link = Link::default();
                    problem.links.iter().filter(|(x, y, _)| across(x, y)).for_each(|found| link.add(found.2));
                    let sizes = (clusters[a].len() as u64, clusters[b].len() as u64);
                    let barred = problem.cannot_links.iter().any(|(x, y)| across(x, y));
                    let fit = linkage.fit(link, sizes, problem.unseen).filter(|_| link.pairs > 0 && !barred);
                    if let Some(fit) = fit.filter(|&fit| best.is_none_or(|best| fit > best.0)) {
                        best = Some((fit, a, b));
                    }
                }
            }
            let Some((_, a, b)) = best else { break };
            let merged = clusters.remove(b);
            clusters[a].extend(merged);
        }
        let cluster = |unit: u32| clusters.iter().find(|cluster| cluster.contains(&unit)).unwrap();
        (0..problem.rows.len() as u32).map(|unit| *cluster(unit).iter().min().unwrap()).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn it_merges_in_the_order_of_the_naive_search(
            log_odds in prop::collection::vec(prop::option::of(-3.0..4.0f64), 55),
            cannot in prop::collection::vec((0u32..11, 0u32..11), 0..4),
            unseen in -2.0..0.0f64,
            average in any::<bool>(),
        ) {
            let ends = (0..11u32).flat_map(|b| (0..b).map(move |a| (a, b)));
            let link = |log_odds| Link { log_odds, pairs: 1 };
            let links = ends.zip(&log_odds).filter_map(|((a, b), z)| z.map(|log_odds| (a, b, link(log_odds))));
            let problem = Subproblem {
                rows: (0..11).collect(),
                sizes: vec![1; 11],
                links: links.collect(),
                cannot_links: cannot.into_iter().filter(|(a, b)| a != b).collect(),
                sources: vec![],
                unseen,
            };
            let linkage = if average { Linkage::Average(0.3) } else { Linkage::Total };
            let singletons: Vec<u32> = (0..11).collect();
            prop_assert_eq!(agglomerate(&problem, &singletons, linkage), naive(&problem, linkage));
        }
    }
}
