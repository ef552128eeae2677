//! Join: pairs of rows for which an SQL predicate holds.

use arrow::array::AsArray;
use arrow::datatypes::UInt64Type;
use futures::StreamExt;
use relata_data::index::SampleId;
use relata_data::query;
use relata_oracle::{OracleError, Rule};

use super::{CandidateContext, CandidatePairs};

/// Adds the pairs for which the predicate of a rule holds.
pub(super) async fn find(
    rule: &Rule,
    context: &CandidateContext<'_>,
    number: u32,
    found: &mut CandidatePairs,
) -> Result<(), OracleError> {
    let text = format!(
        "SELECT a.id AS src, b.id AS dst FROM samples a JOIN samples b ON a.id < b.id AND ({})",
        rule.predicate()
    );
    let mut pairs = query::stream(query::plan_sql(context.session, &text).await?).await?;
    while let Some(batch) = pairs.next().await {
        let batch = batch?;
        let src = SampleId::slice(batch["src"].as_primitive::<UInt64Type>().values());
        let dst = SampleId::slice(batch["dst"].as_primitive::<UInt64Type>().values());
        let rows =
            src.iter().zip(dst).filter_map(|(&a, &b)| Some((context.samples.ids.row(a)?, context.samples.ids.row(b)?)));
        for (a, b) in rows.filter(|&(a, b)| context.sources.is_none_or(|sources| sources.differ(a, b))) {
            found.add(number, a, b);
        }
    }
    Ok(())
}
