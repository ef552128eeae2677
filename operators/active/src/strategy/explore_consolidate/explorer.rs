//! Explorer: which component each row probably belongs to, and which questions that suggests.

use relata_data::index::TrainingRow;
use relata_data::seed::Purpose;
use relata_graph::label_propagation::{SINK, propagate_label, propagate_labels};

use super::super::candidate_pool::CandidatePool;
use super::super::facility_location::FacilityLocation;
use super::super::query_context::QueryContext;
use super::embedded_graph::EmbeddedGraph;

/// A component whose chance is below this share is not asked about.
const STOP: f32 = 0.05;
/// The weight of a row whose component is certain, when rows are covered.
const FLOOR: f32 = 1e-3;
/// Components times rows, which bounds the work.
const MOST_CHANCES: usize = 2 << 20;

/// One call's view of the clusters.
pub(super) struct Explorer<'a, 'b> {
    context: &'a QueryContext<'b>,
    pool: &'a CandidatePool,
    graph: &'a EmbeddedGraph,
    clusters: Vec<Cluster>,
    /// Each row's cluster, by place.
    seeds: Vec<Option<u32>>,
    facility_location: FacilityLocation,
}

/// A component, or an explored row that is one by itself without an answer.
struct Cluster {
    /// Its most central members.
    members: Vec<TrainingRow>,
    /// Number of components known to be different.
    cannot_links: usize,
    /// Whether it stands; otherwise it is a row whose component is still to be found.
    finished: bool,
    /// Whether it is compared with another in this call already.
    reconciled: bool,
    /// The chance of each row in the pool that a walk from it meets this cluster first.
    chances: Vec<f32>,
    /// The sum of the rows' spectral coordinates, weighted by their chances.
    sum: Vec<f32>,
}

impl<'a, 'b> Explorer<'a, 'b> {
    pub fn new(context: &'a QueryContext<'b>, pool: &'a CandidatePool, graph: &'a EmbeddedGraph) -> Self {
        let rows = pool.rows.len();
        let most = (MOST_CHANCES / rows).min(pool.components.len());
        let seeds: Vec<Option<u32>> = pool.component.iter().map(|at| at.filter(|&at| (at as usize) < most)).collect();
        let chances = propagate_labels(&graph.neighbours, &seeds, most);
        let cluster = |at: usize| {
            let known = &pool.components[at];
            let chances = chances.of(at).to_vec();
            let cannot_links = context.belief.count_cannot_links(known.label);
            Cluster::new(known.members.clone(), cannot_links, chances, graph)
        };
        let clusters = (0..most).map(cluster).collect();
        let mut rng = Purpose::Explorer.stream(context.seed, &[context.round.into()]);
        let asked = (0..rows as u32).filter(|&place| context.belief.is_known(pool.rows[place as usize]));
        let asked: Vec<u32> = asked.collect();
        let facility_location =
            FacilityLocation::new(&graph.coordinates, graph.width, &asked, &pool.unqueried, &mut rng);
        let mut explorer = Self { context, pool, graph, clusters, seeds, facility_location };
        explorer.weigh();
        explorer
    }

    /// Questions that place the rows which were compared with some components and joined none of them, the most certain
    /// first.
    pub fn unfinished(&mut self) -> Vec<(TrainingRow, TrainingRow)> {
        let alone = (0..self.clusters.len()).filter(|&at| self.pool.components[at].size == 1);
        let next = alone.filter_map(|at| {
            let row = self.clusters[at].members[0];
            let chances = self.without(self.pool.place(row)?, at);
            let (chance, anchor) = self.most_probable(row, &chances, |other| other != at)?;
            Some((chance, anchor, at, row))
        });
        let mut next: Vec<_> = next.collect();
        next.sort_by(|a, b| b.0.total_cmp(&a.0));
        next.iter().for_each(|&(_, _, at, _)| self.clusters[at].finished = false);
        let mut pairs: Vec<(TrainingRow, TrainingRow)> = Vec::new();
        for (_, anchor, _, row) in next {
            // Two such rows may name each other.
            if !pairs.contains(&(row, anchor)) {
                pairs.push((anchor, row));
            }
        }
        pairs
    }

    /// The question about the next explored row. Rows that are near no component become one each on the way.
    pub fn explore(&mut self) -> Option<(TrainingRow, TrainingRow)> {
        loop {
            let place = self.facility_location.choose()? as usize;
            let row = self.pool.rows[place];
            let chances: Vec<f32> = self.clusters.iter().map(|cluster| cluster.chances[place]).collect();
            match self.most_probable(row, &chances, |at| self.clusters[at].finished) {
                Some((_, anchor)) => return Some((anchor, row)),
                None => self.add_cluster(place),
            }
        }
    }

    /// The question about two components that are most likely one. Of `parts`, which are known to be too many, only those
    /// of two rows or more are meant: a row by itself would come before them, since it differs from nothing yet.
    pub fn reconcile(&mut self, parts: bool) -> Option<(TrainingRow, TrainingRow)> {
        let mut best: Option<(f32, usize, usize, (TrainingRow, TrainingRow))> = None;
        let is_part = |at: usize| self.pool.components.get(at).is_some_and(|component| component.size > 1);
        let free = |(at, cluster): &(usize, &Cluster)| cluster.is_free() && (!parts || is_part(*at));
        for (at, cluster) in self.clusters.iter().enumerate().filter(free) {
            for (other_at, other) in self.clusters[..at].iter().enumerate().filter(free) {
                let affinity = if parts { cluster.cosine(other) } else { cluster.affinity(other) };
                if best.as_ref().is_none_or(|best| affinity > best.0)
                    && let Some(pair) = self.open_pair(&other.members, &cluster.members)
                {
                    best = Some((affinity, at, other_at, pair));
                }
            }
        }
        let (_, at, other, pair) = best?;
        (self.clusters[at].reconciled, self.clusters[other].reconciled) = (true, true);
        Some(pair)
    }

    /// The open cluster that a row most probably belongs to, if its chance is worth a question, as (chance, the member
    /// to compare with).
    fn most_probable(
        &self,
        row: TrainingRow,
        chances: &[f32],
        allowed: impl Fn(usize) -> bool,
    ) -> Option<(f32, TrainingRow)> {
        let none: f32 = (1.0 - chances.iter().sum::<f32>()).max(0.0);
        let open = (0..chances.len()).filter(|&at| allowed(at) && chances[at] > 0.0);
        let open = open.filter_map(|at| Some((chances[at], self.open_pair(&self.clusters[at].members, &[row])?.0)));
        let open: Vec<(f32, TrainingRow)> = open.collect();
        let left = none + open.iter().map(|open| open.0).sum::<f32>();
        let best = open.into_iter().reduce(|best, next| if next.0 > best.0 { next } else { best });
        best.filter(|best| best.0 > STOP * left)
    }

    fn open_pair(&self, members: &[TrainingRow], others: &[TrainingRow]) -> Option<(TrainingRow, TrainingRow)> {
        if self.context.belief.relation(members[0], others[0]).is_some() {
            return None;
        }
        let mut pairs = members.iter().flat_map(|&member| others.iter().map(move |&other| (member, other)));
        pairs.find(|&(member, other)| self.context.is_open(member, other))
    }

    /// The chances of a row that is the only seed of its cluster, if it were none.
    fn without(&self, place: usize, at: usize) -> Vec<f32> {
        let neighbours = &self.graph.neighbours;
        let step = (1.0 - SINK) / neighbours.degree(place).max(f32::MIN_POSITIVE);
        let after = |cluster: &Cluster| {
            let links = neighbours.links(place).iter();
            step * links.map(|link| link.weight * cluster.chances[link.row as usize]).sum::<f32>()
        };
        // Walks that return start again.
        let leaves = (1.0 - after(&self.clusters[at])).max(f32::EPSILON);
        let chance = |(other, cluster): (usize, &Cluster)| if other == at { 0.0 } else { after(cluster) / leaves };
        self.clusters.iter().enumerate().map(chance).collect()
    }

    /// Makes a cluster of a row. Walks that meet it first do not meet the others any more.
    fn add_cluster(&mut self, place: usize) {
        let number = self.clusters.len() as u32;
        self.seeds[place] = Some(number);
        let chances = propagate_label(&self.graph.neighbours, &self.seeds, number);
        let cluster = Cluster::new(vec![self.pool.rows[place]], 0, chances, self.graph);
        for other in self.clusters.iter_mut().filter(|other| other.chances[place] > 0.0) {
            let through = other.chances[place];
            let less = |from: &mut f32, by: &f32| *from -= through * by;
            other.chances.iter_mut().zip(&cluster.chances).for_each(|(chance, met)| less(chance, met));
            other.sum.iter_mut().zip(&cluster.sum).for_each(|(sum, met)| less(sum, met));
        }
        self.clusters.push(cluster);
        self.weigh();
    }

    /// Rows count as much as their component is uncertain.
    fn weigh(&mut self) {
        if self.clusters.len() < 2 {
            return;
        }
        let clusters = &self.clusters;
        self.facility_location.weigh(|row| {
            let chances = clusters.iter().map(|cluster| cluster.chances[row]);
            let (sum, most) =
                chances.fold((0.0, 0.0), |(sum, most): (f32, f32), chance| (sum + chance, most.max(chance)));
            1.0 - most / sum.max(f32::MIN_POSITIVE) + FLOOR
        });
    }
}

impl Cluster {
    fn new(members: Vec<TrainingRow>, cannot_links: usize, chances: Vec<f32>, graph: &EmbeddedGraph) -> Self {
        let mut sum = vec![0f32; graph.width];
        for (row, chance) in graph.coordinates.chunks_exact(graph.width).zip(&chances) {
            sum.iter_mut().zip(row).for_each(|(sum, x)| *sum += chance * x);
        }
        Self { members, cannot_links, finished: true, reconciled: false, chances, sum }
    }

    fn is_free(&self) -> bool {
        self.finished && !self.reconciled
    }

    /// How alike the directions of two clusters are, less if both are known to differ from many others.
    fn affinity(&self, other: &Self) -> f32 {
        (1.0 + self.cosine(other)) / (1.0 + self.cannot_links.min(other.cannot_links) as f32).sqrt()
    }

    fn cosine(&self, other: &Self) -> f32 {
        let norm = |sum: &[f32]| sum.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        let inner: f32 = self.sum.iter().zip(&other.sum).map(|(x, y)| x * y).sum();
        inner / (norm(&self.sum) * norm(&other.sum))
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::World;
    use super::*;

    fn world() -> World {
        let mut world = World::blobs(4, 25, 4, 0.6, 9);
        for (a, b) in [(0, 4), (1, 5), (0, 1), (2, 3)] {
            world.answer(a, b);
        }
        world
    }

    #[test]
    fn an_added_cluster_takes_its_share_of_the_others() {
        let world = world();
        let context = world.context(1);
        let pool = CandidatePool::draw(&context);
        let graph = EmbeddedGraph::new(&pool, 7);
        let mut explorer = Explorer::new(&context, &pool, &graph);
        explorer.add_cluster(50);
        let all = propagate_labels(&graph.neighbours, &explorer.seeds, explorer.clusters.len());
        for (at, cluster) in explorer.clusters.iter().enumerate() {
            for (updated, solved) in cluster.chances.iter().zip(all.of(at)) {
                assert!((updated - solved).abs() < 5e-3, "{updated} {solved}");
            }
        }
    }

    #[test]
    fn chances_without_a_row_are_those_of_the_graph_where_it_is_no_seed() {
        let world = world();
        let context = world.context(1);
        let pool = CandidatePool::draw(&context);
        let graph = EmbeddedGraph::new(&pool, 7);
        let explorer = Explorer::new(&context, &pool, &graph);
        let at = pool.component[2].unwrap() as usize;
        let mut seeds = explorer.seeds.clone();
        seeds[2] = None;
        let without = propagate_labels(&graph.neighbours, &seeds, explorer.clusters.len());
        for (other, chance) in explorer.without(2, at).into_iter().enumerate() {
            let expected = without.of(other)[2];
            assert!((chance - expected).abs() < 5e-3, "{chance} {expected}");
        }
    }
}
