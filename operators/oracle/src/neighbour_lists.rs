//! Neighbour lists: the nearest others of every different vector, by exact kNN search or by HNSW.

use std::sync::Arc;

use instant_distance::{Builder, Point, Search};
use rayon::prelude::*;
use relata_data::index::{SampleId, TrainingRow};
use relata_graph::knn::{Metric, top_k};

use crate::duplicates::{Duplicates, VectorNumber};
use crate::error::{OracleError, Result};

/// Rows of one block of the exact search.
const BLOCK: usize = 4096;

/// The neighbours of a vector, nearest first, as (vector, squared distance).
pub(crate) type Neighbours = Vec<(VectorNumber, f32)>;

/// The training rows' ids, ascending, which of them have equal vectors, and the neighbours of each different vector.
#[derive(Debug)]
pub(crate) struct NeighbourLists {
    pub(crate) ids: Vec<SampleId>,
    pub(crate) duplicates: Duplicates,
    pub(crate) near: Vec<Neighbours>,
}

/// A pair of rows whose vectors are related.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Pair {
    pub(crate) rows: (TrainingRow, TrainingRow),
    /// The vectors, whose distance is the pair's.
    pub(crate) vectors: (VectorNumber, VectorNumber),
    /// The squared distance.
    pub(crate) squared: f32,
}

impl NeighbourLists {
    /// The position of an id.
    pub(crate) fn row(&self, id: SampleId) -> Option<TrainingRow> {
        self.ids.binary_search(&id).ok().map(|row| TrainingRow(row as u32))
    }

    /// Whether two rows have equal vectors, or vectors that are among each other's neighbours, or, if one direction is
    /// enough, in one of the lists.
    pub(crate) fn related(&self, a: TrainingRow, b: TrainingRow, mutual: bool) -> bool {
        let (a, b) = (self.duplicates.vector(a), self.duplicates.vector(b));
        let (there, back) = (self.lists(a, b), self.lists(b, a));
        a == b || if mutual { there && back } else { there || back }
    }

    /// Whether `b` is among the neighbours of `a`.
    pub(crate) fn lists(&self, a: VectorNumber, b: VectorNumber) -> bool {
        self.near[a.index()].iter().any(|&(other, _)| other == b)
    }

    /// Pairs of rows that state which vectors are related. A vector of one row that is related to another such vector is
    /// one pair. Where a vector has several rows, these are shared out in turn among the rows of the other vector: if
    /// both list each other, every row is in a pair, and else every row of the one that lists the other. So there are
    /// at most as many pairs as rows times neighbours; all rows of one with all rows of the other would be too many.
    pub(crate) fn pairs(&self, mutual: bool) -> impl Iterator<Item = Pair> {
        let vectors = (0..).map(VectorNumber).zip(&self.near);
        let entries = vectors.flat_map(|(from, near)| near.iter().map(move |&(to, squared)| (from, to, squared)));
        entries.flat_map(move |(from, to, squared)| {
            let back = self.lists(to, from);
            // What is found from both sides is stated from the smaller one.
            let stated = if back { from < to } else { !mutual };
            let (mut sharing, mut among) = (self.duplicates.rows(from), self.duplicates.rows(to));
            if back && among.len() > sharing.len() {
                (sharing, among) = (among, sharing);
            }
            // Vectors begin at different rows, so that not all of them have their pairs with the first one.
            let turns = among.iter().cycle().skip(from.index() % among.len());
            let rows = sharing.iter().zip(turns).take(if stated { sharing.len() } else { 0 });
            rows.map(move |(&a, &b)| Pair { rows: (a, b), vectors: (from, to), squared })
        })
    }

    /// The self-tuning weight of a pair, `exp(-d^2 / (s t))`, of which `squared` is `d^2`.
    pub(crate) fn tuned(&self, a: VectorNumber, b: VectorNumber, squared: f32) -> f32 {
        let scale = |vector: VectorNumber| self.near[vector.index()].last().map_or(0.0, |near| near.1).max(0.0).sqrt();
        let scales = scale(a) * scale(b);
        // Vectors that differ by less than the distance can tell have none between them, whatever the scale.
        if scales > 0.0 { (-squared.max(0.0) / scales).exp().max(f32::MIN_POSITIVE) } else { 1.0 }
    }
}

/// The `k` nearest others of every vector (kNN search, exact).
pub(crate) fn exact(values: &[f32], width: usize, k: usize, metric: Metric) -> Vec<Neighbours> {
    let blocks = || values.chunks(BLOCK * width).zip((0u64..).step_by(BLOCK)).map(|(rows, first)| (first, rows));
    let mut lists = Vec::with_capacity(values.len() / width);
    for (first, queries) in blocks() {
        let all = blocks().map(Ok::<_, std::convert::Infallible>);
        let Ok(found) = top_k(queries, width, all, k + 1, metric);
        for (row, list) in (first..).zip(found) {
            let others = list.into_iter().filter(|&(other, _)| other != row);
            let squared = |score: f32| if metric == Metric::L2 { score * score } else { 2.0 - 2.0 * score };
            lists.push(others.take(k).map(|(other, score)| (VectorNumber(other as u32), squared(score))).collect());
        }
    }
    lists
}

/// The `k` nearest others of every vector by HNSW.
pub(crate) fn approximate(
    mut values: Vec<f32>,
    width: usize,
    k: usize,
    metric: Metric,
    seed: u64,
) -> Result<Vec<Neighbours>> {
    if metric == Metric::Cosine {
        for row in values.chunks_exact_mut(width) {
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
            row.iter_mut().for_each(|v| *v /= norm);
        }
    }
    let points: Vec<Row> = values.chunks_exact(width).map(|row| Row(row.into())).collect();
    // Insertion on several threads would make the index depend on their timing.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let pool = pool.map_err(|e| OracleError::setting("nearest", "threads", "available", e))?;
    let rows: Vec<VectorNumber> = (0..points.len() as u32).map(VectorNumber).collect();
    let builder = || Builder::default().seed(seed).ef_construction(200).ef_search(200.max(k * 2));
    let index = pool.install(|| builder().build(points.clone(), rows));
    let find = |(row, point): (usize, &Row)| {
        let mut search = Search::default();
        let found = index.search(point, &mut search).map(|item| (*item.value, item.distance));
        let found = found.filter(|&(other, _)| other.index() != row);
        found.take(k).collect()
    };
    Ok(points.par_iter().enumerate().map(find).collect())
}

#[derive(Clone)]
struct Row(Arc<[f32]>);

impl Point for Row {
    fn distance(&self, other: &Self) -> f32 {
        self.0.iter().zip(other.0.iter()).map(|(a, b)| (a - b) * (a - b)).sum::<f32>()
    }
}
