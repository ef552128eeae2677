//! Nearest rows: the k rows whose embeddings have the largest cosine with that of each row.

use std::convert::Infallible;

use relata_data::index::Row;
use relata_data::seed::Purpose;
use relata_graph::knn::{InvertedFile, Metric, top_k};
use relata_oracle::Nearest;

use super::{CandidateContext, CandidatePairs};

/// Queries whose neighbours are in memory at once.
const QUERIES: usize = 8192;

/// Adds each row with its k nearest others; of other sources only, where sources are linked. Among more rows than the
/// rule searches exactly, the search is approximate.
pub(super) fn find(rule: &Nearest, context: &CandidateContext<'_>, number: u32, found: &mut CandidatePairs) {
    let rows: Vec<u32> = (0..context.samples.ids.rows() as u32).collect();
    let mut add = |a: u32, b: u32| {
        if a != b {
            found.add(number, Row(a), Row(b));
        }
    };
    let Some(sources) = context.sources else {
        // One more, since each row is its own nearest.
        return search(rule, context, &rows, &rows, rule.k() + 1, &mut add);
    };
    for source in 0..sources.count() as u32 {
        let (own, others): (Vec<u32>, Vec<u32>) =
            rows.iter().partition(|&&row| sources.of_rows()[row as usize] == source);
        search(rule, context, &own, &others, rule.k(), &mut add);
    }
}

/// Calls `add` with each row of `queries` and its `k` nearest of `others`.
fn search(
    rule: &Nearest,
    context: &CandidateContext<'_>,
    queries: &[u32],
    others: &[u32],
    k: usize,
    add: &mut dyn FnMut(u32, u32),
) {
    let (values, width) = (context.embeddings, context.width);
    if others.len() > rule.exact_limit() {
        let mut found = |row: u32, near: &[(u32, f32)]| near.iter().for_each(|&(other, _)| add(row, other));
        if let Some(index) = context.index.filter(|_| context.sources.is_none()) {
            return index.search(values, queries, k, found);
        }
        let mut rng = Purpose::NearestRows.stream(context.seed, &[others.len() as u64]);
        let index = InvertedFile::build(values, width, others, &mut rng);
        return index.search(values, queries, k, &mut found);
    }
    let vectors = |rows: &[u32]| -> Vec<f32> {
        rows.iter().flat_map(|&row| &values[row as usize * width..][..width]).copied().collect()
    };
    for queries in queries.chunks(QUERIES) {
        let blocks = others.chunks(QUERIES).zip((0u64..).step_by(QUERIES));
        let blocks = blocks.map(|(rows, first)| Ok::<_, Infallible>((first, vectors(rows))));
        let Ok(near) = top_k(&vectors(queries), width, blocks, k, Metric::Cosine);
        for (&row, near) in queries.iter().zip(near) {
            near.iter().for_each(|&(other, _)| add(row, others[other as usize]));
        }
    }
}
