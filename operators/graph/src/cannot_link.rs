//! Cannot-link constraints between must-link groups: the table `separations`, by group.

use std::collections::BTreeMap;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{Float32Type, UInt64Type};
use relata_data::{OperatorError, Result};
use relata_schemas::separations;

/// The cannot-links of each group, from both sides: `(other group, weight)`, sorted. A relation states them between
/// groups of its own; `numbers` are those of its groups.
pub(crate) fn cannot_links(
    batches: &[RecordBatch],
    rels: &[String],
    numbers: &BTreeMap<(u32, u64), u32>,
    groups: usize,
) -> Result<Vec<Vec<(u32, f32)>>> {
    let mut links = vec![vec![]; groups];
    let mut first_row = 0;
    for batch in batches {
        separations::validate(batch, first_row)?;
        let sides = [separations::A, separations::B].map(|name| batch[name].as_primitive::<UInt64Type>());
        let weight = batch[separations::WEIGHT].as_primitive::<Float32Type>();
        let rel = batch[separations::REL].as_string::<i32>();
        for at in 0..batch.num_rows() {
            let rel_number = rels.iter().position(|known| known == rel.value(at)).map(|number| number as u32);
            let group = |side: usize| {
                let group = sides[side].value(at);
                let found = rel_number.and_then(|number| numbers.get(&(number, group)));
                found.copied().ok_or_else(|| OperatorError::UnknownId {
                    table: "separations".to_owned(),
                    column: [separations::A, separations::B][side].to_owned(),
                    row: first_row + at as u64,
                    id: format!("{group} of {}", rel.value(at)),
                })
            };
            let (a, b) = (group(0)?, group(1)?);
            links[a as usize].push((b, weight.value(at)));
            links[b as usize].push((a, weight.value(at)));
        }
        first_row += batch.num_rows() as u64;
    }
    links.iter_mut().for_each(|others| others.sort_by_key(|other| other.0));
    Ok(links)
}
