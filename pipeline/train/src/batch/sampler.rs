//! Batch sampler, which rows form a batch: a permutation of the samples, endpoints of sampled positive pairs, or both.

use std::collections::HashSet;
use std::sync::Arc;

use rand::RngExt;
use rand::seq::SliceRandom;
use relata_data::index::Row;
use relata_data::seed::{Purpose, Rng};
use relata_graph::Graph;
use serde::{Deserialize, Serialize};

use crate::error::{Result, TrainError};

/// How batches are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batches {
    edge_share: f64,
}

impl Batches {
    /// Every sample once an epoch, in random order.
    ///
    /// ```
    /// use relata_train::batch::Batches;
    ///
    /// assert!(Batches::by_sample().check().is_ok());
    /// ```
    pub fn by_sample() -> Self {
        Self { edge_share: 0.0 }
    }

    /// Both ends of randomly drawn positive pairs, filled up with random samples where there are too few.
    ///
    /// ```
    /// use relata_train::batch::Batches;
    ///
    /// assert!(Batches::by_edge().check().is_ok());
    /// ```
    pub fn by_edge() -> Self {
        Self { edge_share: 1.0 }
    }

    /// This share of every batch by edge, the rest by sample.
    ///
    /// ```
    /// use relata_train::batch::Batches;
    ///
    /// assert!(Batches::mixed(0.5).check().is_ok());
    /// ```
    pub fn mixed(edge_share: f64) -> Self {
        Self { edge_share }
    }

    /// Refuses shares outside [0, 1].
    pub fn check(&self) -> Result<()> {
        if (0.0..=1.0).contains(&self.edge_share) {
            return Ok(());
        }
        Err(TrainError::setting("batches", "edge share", "in [0, 1]", self.edge_share))
    }
}

/// Draws batches as a function of (seed, epoch, step).
#[derive(Debug)]
pub struct Sampler {
    rows: Arc<Vec<Row>>,
    batch: usize,
    batches: Batches,
    seed: u64,
    pairs: Option<PairSampler>,
}

impl Sampler {
    /// A sampler over the training rows (distinct), `batch` of them at once.
    pub fn new(rows: Arc<Vec<Row>>, batch: usize, batches: Batches, seed: u64, graph: &Arc<Graph>) -> Self {
        let pairs = (batches.edge_share > 0.0).then(|| PairSampler::new(graph.clone(), &rows));
        Self { batch: batch.min(rows.len()), rows, batches, seed, pairs }
    }

    /// Steps in an epoch; the samples that do not fill a last batch are left to other epochs.
    pub fn steps_per_epoch(&self) -> u64 {
        (self.rows.len() / self.batch.max(1)).max(1) as u64
    }

    /// All batches of an epoch, lazily.
    pub fn epoch(&self, epoch: u64) -> impl Iterator<Item = Vec<Row>> + '_ {
        let mut order = (*self.rows).clone();
        order.shuffle(&mut Purpose::SamplerPermutation.stream(self.seed, &[epoch]));
        (0..self.steps_per_epoch()).map(move |step| {
            let from = step as usize * self.batch;
            let by_sample = &order[from..(from + self.batch).min(order.len())];
            match &self.pairs {
                None => by_sample.to_vec(),
                Some(pairs) => {
                    self.with_pairs(pairs, by_sample, &mut Purpose::SamplerPairs.stream(self.seed, &[epoch, step]))
                }
            }
        })
    }

    fn with_pairs(&self, pairs: &PairSampler, by_sample: &[Row], rng: &mut Rng) -> Vec<Row> {
        let by_edge = (self.batch as f64 * self.batches.edge_share).round() as usize;
        let mut rows: Vec<Row> = Vec::with_capacity(self.batch);
        let mut taken = HashSet::new();
        // Pairs repeat when there are few of them, so the number of draws is bounded.
        for _ in 0..by_edge * 4 {
            let Some((a, b)) = pairs.draw(rng) else { break };
            let news = [a, b].into_iter().filter(|row| !taken.contains(row)).count();
            if rows.len() + news > by_edge {
                break;
            }
            rows.extend([a, b].into_iter().filter(|&row| taken.insert(row)));
        }
        for &row in by_sample {
            if rows.len() < self.batch && taken.insert(row) {
                rows.push(row);
            }
        }
        while rows.len() < self.batch {
            let row = self.rows[rng.random_range(0..self.rows.len())];
            if taken.insert(row) {
                rows.push(row);
            }
        }
        rows
    }
}

/// Draws positive pairs: explicit edges uniformly, and pairs within groups by the number of pairs that a group has.
#[derive(Debug)]
struct PairSampler {
    graph: Arc<Graph>,
    /// Positive edges between training rows.
    edges: Vec<(Row, Row)>,
    /// Members of groups among the training rows, and the running total of their pairs.
    groups: Vec<(Vec<Row>, f64)>,
}

impl PairSampler {
    fn new(graph: Arc<Graph>, rows: &[Row]) -> Self {
        let mut trains = vec![false; graph.rows()];
        rows.iter().for_each(|row| trains[row.index()] = true);
        let trains = |row: Row| trains[row.index()];
        let positive = graph.edges().iter().filter(|&(a, b, w)| w > 0.0 && trains(a) && trains(b));
        let edges = positive.map(|(a, b, _)| (a, b)).collect();
        let mut total = 0.0;
        let mut groups = Vec::new();
        for group in graph.groups().iter().iter().filter(|group| group.weight > 0.0) {
            let members: Vec<Row> = group.members.iter().copied().filter(|&row| trains(row)).collect();
            if members.len() > 1 {
                total += (members.len() * (members.len() - 1) / 2) as f64;
                groups.push((members, total));
            }
        }
        Self { graph, edges, groups }
    }

    fn draw(&self, rng: &mut Rng) -> Option<(Row, Row)> {
        let in_groups = self.groups.last().map_or(0.0, |group| group.1);
        let total = in_groups + self.edges.len() as f64;
        if total == 0.0 {
            return None;
        }
        for _ in 0..16 {
            let at = rng.random::<f64>() * total;
            let (a, b) = if at < in_groups {
                let members = &self.groups[self.groups.partition_point(|group| group.1 <= at)].0;
                let first = rng.random_range(0..members.len());
                let second = (first + rng.random_range(1..members.len())) % members.len();
                (members[first], members[second])
            } else {
                self.edges[((at - in_groups) as usize).min(self.edges.len() - 1)]
            };
            // A group's pair may be an explicit negative.
            if self.graph.relation(a, b) > 0.0 {
                return Some((a, b));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use relata_graph::{CsrBuilder, GraphSettings, Groups};

    use super::*;

    /// 40 rows, of which (2k, 2k + 1) are related for k < 5; rows 38 and 39 are known to be unrelated.
    fn graph() -> Arc<Graph> {
        let folder = tempfile::tempdir().unwrap();
        let edges = (0..5).map(|k| (2 * k, 2 * k + 1, 1.0)).chain([(38, 39, -1.0)]);
        let edges: Vec<(Row, Row, f32)> = edges.map(|(a, b, weight)| (Row(a), Row(b), weight)).collect();
        let mut builder = CsrBuilder::create(&folder.path().join("edges.csr"), 40);
        edges.iter().for_each(|&(a, b, _)| builder.count(a, b));
        let mut places = builder.places();
        edges.iter().for_each(|&(a, b, weight)| places.put(a, b, weight));
        let settings = GraphSettings { views: 1.0, ..Default::default() };
        Arc::new(Graph::new(settings, places.finish().unwrap(), Groups::default()))
    }

    fn epoch(batches: Batches, rows: std::ops::Range<u32>, batch: usize, seed: u64) -> Vec<Vec<Row>> {
        Sampler::new(Arc::new(rows.map(Row).collect()), batch, batches, seed, &graph()).epoch(3).collect()
    }

    fn in_pairs(batch: &[Row]) -> usize {
        let whole = |row: Row| row < Row(10) && batch.contains(&Row(row.0 ^ 1));
        batch.iter().filter(|&&row| whole(row)).count()
    }

    #[test]
    fn by_sample_every_row_comes_once() {
        let batches = epoch(Batches::by_sample(), 0..40, 10, 1);
        let mut rows = batches.concat();
        rows.sort_unstable();
        assert_eq!(rows, (0..40).map(Row).collect::<Vec<_>>());
        assert_eq!(batches, epoch(Batches::by_sample(), 0..40, 10, 1));
        assert_ne!(batches, epoch(Batches::by_sample(), 0..40, 10, 2));
    }

    #[test]
    fn by_edge_whole_pairs_come_and_fillers_fill_up() {
        for batch in epoch(Batches::by_edge(), 0..40, 20, 1) {
            let distinct: HashSet<Row> = batch.iter().copied().collect();
            assert_eq!((batch.len(), distinct.len()), (20, 20));
            assert!(in_pairs(&batch) >= 8, "{batch:?}");
        }
    }

    #[test]
    fn mixed_batches_have_their_share_of_pairs() {
        let batches = epoch(Batches::mixed(0.5), 0..40, 8, 1);
        assert_eq!(batches.len(), 5);
        assert!(batches.iter().all(|batch| batch.len() == 8 && in_pairs(batch) >= 4), "{batches:?}");
        assert_eq!(batches, epoch(Batches::mixed(0.5), 0..40, 8, 1));
    }

    #[test]
    fn pairs_outside_the_training_rows_are_not_drawn() {
        // Only rows 1.. are trained on: row 0 and with it the pair (0, 1) is out.
        let batches = epoch(Batches::by_edge(), 1..40, 6, 1);
        assert!(batches.iter().flatten().all(|&row| row > Row(0)));
    }
}
