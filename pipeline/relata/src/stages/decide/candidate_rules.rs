//! Table of candidate rules: what each found, and the estimated share of all matches.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt64Array};
use relata_data::DataError;
use relata_data::index::Row;
use relata_data::sink::ParquetSink;
use relata_decide::evaluation::capture_recapture;
use relata_schemas::candidate_rules::CANDIDATE_RULES;

use super::super::evaluate::Measured;
use super::scored_pairs::ScoredPairs;
use crate::error::Result;
use crate::store::{Artifact, Run};

/// The row of all rules together.
const ALL: &str = "all";

/// Writes the table. `matches` are the pairs that are known to be the same. Gives the recall of all rules, if it can be
/// estimated.
pub(super) fn write(
    run: &Run,
    scored: &ScoredPairs,
    probabilities: &[f64],
    matches: &[(u32, u32)],
) -> Result<Measured> {
    let candidates = &scored.candidates;
    let pairs: Vec<(Row, Row)> = candidates.pairs().collect();
    // Bits by rule of the pairs that are probably matches.
    let probable: Vec<(u32, f64)> = (0..pairs.len())
        .filter(|&at| probabilities[at] >= 0.5)
        .map(|at| (candidates.bits(at), probabilities[at]))
        .collect();
    let found = |bits: u32| probable.iter().filter(|(rules, _)| rules & bits != 0).map(|pair| pair.1).sum::<f64>();
    let (embeddings, values) = (scored.rules_of_embeddings, scored.rules_of_values);
    let all = embeddings | values;
    let both = |&&(rules, _): &&(u32, f64)| rules & embeddings != 0 && rules & values != 0;
    let both = probable.iter().filter(both).map(|pair| pair.1).sum();
    // Without pairs of both kinds there is nothing to compare.
    let has = |bits: u32| (0..pairs.len()).any(|at| candidates.bits(at) & bits != 0);
    let estimable = has(embeddings) && has(values);
    let total = estimable.then(|| capture_recapture(found(embeddings), found(values), both));
    let mut links: Vec<(Row, Row)> = matches.iter().map(|&(a, b)| (Row(a), Row(b))).collect();
    links.sort_unstable();
    links.dedup();
    let of_links: Vec<u32> =
        links.iter().map(|link| pairs.binary_search(link).map_or(0, |at| candidates.bits(at))).collect();
    let known = |bits: u32| of_links.iter().filter(|&&rules| rules & bits != 0).count() as f64 / of_links.len() as f64;
    let recall = |bits: u32| total.filter(|&total| total > 0.0).map(|total| (found(bits) / total).min(1.0));

    let cut = candidates.cut_blocks();
    let mut rows = vec![(ALL.to_owned(), all, pairs.len() as u64, pairs.len() as u64, cut.len() as u64)];
    for (number, count) in candidates.counts().into_iter().enumerate() {
        let cut = cut.iter().filter(|cut| cut.rule == count.rule).count();
        rows.push((count.rule, 1 << number.min(31), count.pairs, count.alone, cut as u64));
    }
    let numbers = |of: &dyn Fn(u32) -> Option<f64>| {
        Arc::new(rows.iter().map(|row| of(row.1)).collect::<Float64Array>()) as ArrayRef
    };
    let columns: Vec<ArrayRef> = vec![
        Arc::new(rows.iter().map(|row| Some(row.0.as_str())).collect::<StringArray>()),
        Arc::new(rows.iter().map(|row| row.2).collect::<UInt64Array>()),
        Arc::new(rows.iter().map(|row| row.3).collect::<UInt64Array>()),
        numbers(&|bits| Some(found(bits))),
        numbers(&recall),
        numbers(&|bits| (!of_links.is_empty()).then(|| known(bits))),
        Arc::new(rows.iter().map(|row| row.4).collect::<UInt64Array>()),
    ];
    let batch = RecordBatch::try_new(CANDIDATE_RULES.schema(), columns).map_err(DataError::from)?;
    relata_schemas::candidate_rules::validate(&batch, 0).map_err(DataError::from)?;
    let mut sink = ParquetSink::sealed(&run.path(Artifact::CandidateRules), CANDIDATE_RULES.schema())?;
    sink.write(&batch)?;
    sink.finish()?;
    Ok(recall(all).map(|recall| ("decision.candidates_recall".to_owned(), recall)).into_iter().collect())
}
