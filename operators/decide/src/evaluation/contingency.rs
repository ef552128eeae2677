//! Contingency table of two partitions: how many rows an entity that was found and a true one have in common.

use crate::error::{self, Result};

/// The rows of each found entity, of each true entity, and of each two that share any. It takes a sort of the rows.
///
/// ```
/// use relata_decide::evaluation::Contingency;
///
/// let table = Contingency::of(&[0, 0, 2, 2], &[Some(7), Some(7), Some(7), None])?;
/// assert_eq!((table.rows(), table.found().len(), table.truth().len()), (3, 2, 1));
/// # Ok::<(), relata_decide::DecideError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Contingency {
    rows: u64,
    cells: Vec<Cell>,
    found: Vec<u64>,
    truth: Vec<u64>,
}

/// Two entities that share rows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Cell {
    /// The rows that both have.
    pub shared: u64,
    /// The rows of the found entity.
    pub found: u64,
    /// The rows of the true entity.
    pub truth: u64,
}

impl Contingency {
    /// Compares the entities that were found with the true ones; both have a number for each row, any numbers. Rows
    /// whose truth is not known count in neither partition.
    pub fn of(found: &[u32], truth: &[Option<u32>]) -> Result<Self> {
        error::same_length("true entities of rows", found.len(), truth.len())?;
        let known = found.iter().zip(truth).filter_map(|(&found, truth)| Some((found, (*truth)?)));
        let mut known: Vec<_> = known.collect();
        let rows = known.len() as u64;
        known.sort_unstable_by_key(|&(found, truth)| (truth, found));
        let truth: Vec<u64> = known.chunk_by(|a, b| a.1 == b.1).map(|rows| rows.len() as u64).collect();
        // By true entity: (found entity, number of the true one, shared rows).
        let same = known.chunk_by(|a, b| a == b);
        let mut number = 0_usize;
        let mut before = None;
        let mut cells: Vec<(u32, usize, u64)> = Vec::new();
        for rows in same {
            number += usize::from(before.is_some_and(|before| before != rows[0].1));
            before = Some(rows[0].1);
            cells.push((rows[0].0, number, rows.len() as u64));
        }
        cells.sort_unstable_by_key(|&(found, truth, _)| (found, truth));
        let entities = cells.chunk_by(|a, b| a.0 == b.0);
        let sizes: Vec<u64> = entities.clone().map(|cells| cells.iter().map(|cell| cell.2).sum()).collect();
        let cells = entities
            .zip(&sizes)
            .flat_map(|(cells, &found)| cells.iter().map(move |&(_, truth, shared)| (shared, found, truth)));
        let cells = cells.map(|(shared, found, number)| Cell { shared, found, truth: truth[number] }).collect();
        Ok(Self { rows, cells, found: sizes, truth })
    }

    /// How many rows have a known truth.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The sizes of the found entities.
    pub fn found(&self) -> &[u64] {
        &self.found
    }

    /// The sizes of the true entities.
    pub fn truth(&self) -> &[u64] {
        &self.truth
    }

    /// Every two entities that share rows.
    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_know_the_sizes_of_both_entities() {
        let truth = [Some(9), Some(1), Some(9), Some(1), None, Some(9)];
        let table = Contingency::of(&[5, 5, 5, 3, 3, 3], &truth).unwrap();
        let cell = |shared, found, truth| Cell { shared, found, truth };
        assert_eq!(table.cells(), [cell(1, 2, 2), cell(1, 2, 3), cell(1, 3, 2), cell(2, 3, 3)]);
        assert_eq!((table.found(), table.truth(), table.rows()), ([2, 3].as_slice(), [2, 3].as_slice(), 5));
        assert!(Contingency::of(&[1], &[]).is_err());
        assert_eq!(Contingency::of(&[1], &[None]).unwrap().rows(), 0);
    }
}
