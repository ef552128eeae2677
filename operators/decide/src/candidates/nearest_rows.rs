//! Nearest rows: the k rows whose embeddings have the largest cosine with that of each row.

use std::convert::Infallible;

use relata_data::index::Row;
use relata_graph::knn::{Metric, top_k};
use relata_oracle::{Nearest, OracleError};

use super::{CandidateContext, CandidatePairs};

/// Queries whose neighbours are in memory at once.
const QUERIES: usize = 8192;

/// Adds each row with its k nearest others; of other sources only, where sources are linked.
pub(super) fn find(
    rule: &Nearest,
    context: &CandidateContext<'_>,
    number: u32,
    found: &mut CandidatePairs,
) -> Result<(), OracleError> {
    let (values, width) = (context.embeddings, context.width);
    let rows: Vec<u32> = (0..context.samples.ids.rows() as u32).collect();
    let Some(sources) = context.sources else {
        if rows.len() > rule.exact_limit() {
            let near = relata_oracle::approximate_neighbours(values.to_vec(), width, rule.k(), Metric::Cosine, context.seed)?;
            for (&row, near) in rows.iter().zip(&near) {
                near.iter().for_each(|&other| found.add(number, Row(row), Row(other)));
            }
            return Ok(());
        }
        // One more, since each row is its own nearest.
        exact(&rows, &rows, values, width, rule.k() + 1, |a, b| (a != b).then(|| found.add(number, a, b)).unwrap_or_default());
        return Ok(());
    };
    for source in 0..sources.count() as u32 {
        let (own, others): (Vec<u32>, Vec<u32>) =
            rows.iter().partition(|&&row| sources.of_rows()[row as usize] == source);
        exact(&own, &others, values, width, rule.k(), |a, b| found.add(number, a, b));
    }
    Ok(())
}

/// Calls `add` with each row of `queries` and its `k` nearest of `others`.
fn exact(queries: &[u32], others: &[u32], values: &[f32], width: usize, k: usize, mut add: impl FnMut(Row, Row)) {
    let vectors = |rows: &[u32]| -> Vec<f32> {
        rows.iter().flat_map(|&row| &values[row as usize * width..][..width]).copied().collect()
    };
    for queries in queries.chunks(QUERIES) {
        let blocks = others.chunks(QUERIES).zip((0u64..).step_by(QUERIES));
        let blocks = blocks.map(|(rows, first)| Ok::<_, Infallible>((first, vectors(rows))));
        let Ok(near) = top_k(&vectors(queries), width, blocks, k, Metric::Cosine);
        for (&row, near) in queries.iter().zip(near) {
            near.iter().for_each(|&(other, _)| add(Row(row), Row(others[other as usize])));
        }
    }
}
