//! Hits: rows with their scores, gathered from several searches or found by an index.

use std::cmp::Ordering;

use relata_graph::knn::{Metric, NearestIndex};

/// A row of a file and its score.
pub(super) type Hit = (u64, f32);

/// The `k` nearest of these, nearest first and of equal scores the earlier row first, without the query's own row.
pub(super) fn nearest(mut hits: Vec<Hit>, own: Option<u64>, k: usize, metric: Metric) -> Vec<Hit> {
    hits.retain(|hit| Some(hit.0) != own);
    hits.sort_unstable_by(|a, b| nearer(metric, a.1, b.1).then(a.0.cmp(&b.0)));
    hits.truncate(k);
    hits
}

/// The nearest rows of a vector by an index.
pub(super) fn by_index(index: &NearestIndex, query: &[f32], k: usize) -> Vec<Hit> {
    let norm = query.iter().map(|value| value * value).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    let query: Vec<f32> = query.iter().map(|value| value / norm).collect();
    index.nearest(&query, k).into_iter().map(|(row, score)| (u64::from(row), score)).collect()
}

fn nearer(metric: Metric, a: f32, b: f32) -> Ordering {
    match metric {
        Metric::L2 => a.total_cmp(&b),
        Metric::Cosine | Metric::InnerProduct => b.total_cmp(&a),
    }
}
