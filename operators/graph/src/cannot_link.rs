//! Cannot-link constraints between must-link groups: the table `separations`, by group.

use std::collections::BTreeMap;
use std::sync::Arc;

use relata_data::index::GroupNumber;
use relata_schemas::separations;

use crate::error::{GraphError, Result};

/// A row of `separations`: two groups of a relation, by their keys.
#[derive(Debug)]
pub(crate) struct StatedCannotLink {
    pub(crate) rel: Arc<str>,
    pub(crate) a: u64,
    pub(crate) b: u64,
    pub(crate) weight: f32,
}

/// The cannot-links of each group, from both sides: `(other group, weight)`, sorted. A relation states them between
/// groups of its own; `numbers` are those of its groups.
pub(crate) fn cannot_links(
    stated: &[StatedCannotLink],
    rels: &[String],
    numbers: &BTreeMap<(u32, u64), GroupNumber>,
    groups: usize,
) -> Result<Vec<Vec<(GroupNumber, f32)>>> {
    let mut links = vec![vec![]; groups];
    for (row, StatedCannotLink { rel, a, b, weight }) in (0u64..).zip(stated) {
        let rel_number = rels.iter().position(|known| **known == **rel).map(|number| number as u32);
        let number = |column: &str, group: u64| {
            let found = rel_number.and_then(|number| numbers.get(&(number, group)));
            found.copied().ok_or_else(|| GraphError::UnknownId {
                table: separations::SEPARATIONS.name.to_owned(),
                column: column.to_owned(),
                row,
                id: format!("{group} of {rel}"),
            })
        };
        let (a, b) = (number(separations::A, *a)?, number(separations::B, *b)?);
        links[a.index()].push((b, *weight));
        links[b.index()].push((a, *weight));
    }
    links.iter_mut().for_each(|others| others.sort_by_key(|other| other.0));
    Ok(links)
}
