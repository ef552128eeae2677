//! Same values (blocking keys): rows that share the value of an SQL expression.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, UInt64Type};
use relata_data::index::{Row, SampleId};
use relata_data::query;
use relata_oracle::{OracleError, SameValue};

use super::{CandidateContext, CandidatePairs};

/// Adds the pairs of each block of rows with one value; blocks beyond `largest` rows are left out.
pub(super) async fn find(
    rule: &SameValue,
    largest: usize,
    context: &CandidateContext<'_>,
    number: u32,
    found: &mut CandidatePairs,
) -> Result<(), OracleError> {
    let text = format!("SELECT id, ({}) AS value FROM samples", rule.expression());
    let table = query::plan_sql(context.session, &text).await?;
    let mut blocks: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for batch in query::collect(table).await? {
        let ids = SampleId::slice(batch["id"].as_primitive::<UInt64Type>().values());
        let values = cast(&batch["value"], &DataType::Utf8)?;
        let values = values.as_string::<i32>();
        for (at, &id) in ids.iter().enumerate().filter(|(at, _)| values.is_valid(*at)) {
            if let Some(row) = context.samples.ids.row(id) {
                match blocks.get_mut(values.value(at)) {
                    Some(block) => block.push(row),
                    None => drop(blocks.insert(values.value(at).to_owned(), vec![row])),
                }
            }
        }
    }
    for (value, mut rows) in blocks {
        if rows.len() > largest {
            found.cut(number, value, rows.len() as u64);
            continue;
        }
        rows.sort_unstable();
        for (at, &a) in rows.iter().enumerate() {
            let others = rows[at + 1..].iter().filter(|&&b| context.sources.is_none_or(|sources| sources.differ(a, b)));
            others.for_each(|&b| found.add(number, a, b));
        }
    }
    Ok(())
}
