//! Id index: from a sample's id to its row number in the feature store, and back.

use crate::index::{Row, SampleId};
use crate::{DataError, Result};

/// The ids of a dataset, in row order; which takes no memory when ids are row numbers, and 12 bytes a row
/// otherwise.
#[derive(Debug, Clone)]
pub enum IdIndex {
    /// Row r has id r.
    RowNumbers(u64),
    /// Any unique ids.
    Any {
        /// Ids in row order.
        by_row: Vec<SampleId>,
        /// The rows, in the order of their ids.
        sorted: Vec<Row>,
    },
}

impl IdIndex {
    /// Indexes ids given in row order; `table` and `column` name their origin if one comes twice.
    ///
    /// ```
    /// use relata_data::id_index::IdIndex;
    /// use relata_data::index::{Row, SampleId};
    ///
    /// let ids = IdIndex::new(SampleId::slice(&[7, 3, 9]).to_vec(), "samples", "id")?;
    /// assert_eq!(ids.row(SampleId(3)), Some(Row(1)));
    /// assert_eq!((ids.id(Row(2)), ids.row(SampleId(8))), (SampleId(9), None));
    /// # Ok::<(), relata_data::DataError>(())
    /// ```
    pub fn new(by_row: Vec<SampleId>, table: &str, column: &str) -> Result<Self> {
        if u32::try_from(by_row.len()).is_err() {
            return Err(DataError::setting(table, "rows", "below 2^32", by_row.len()));
        }
        if by_row.iter().enumerate().all(|(row, id)| row as u64 == id.0) {
            return Ok(Self::RowNumbers(by_row.len() as u64));
        }
        let id = |row: Row| by_row[row.index()];
        let mut sorted: Vec<Row> = (0..by_row.len() as u32).map(Row).collect();
        sorted.sort_unstable_by_key(|&row| (id(row), row));
        if let Some(pair) = sorted.windows(2).find(|pair| id(pair[0]) == id(pair[1])) {
            return Err(DataError::DuplicateId {
                table: table.to_owned(),
                column: column.to_owned(),
                id: id(pair[0]).to_string(),
                first: pair[0].0.into(),
                second: pair[1].0.into(),
            });
        }
        Ok(Self::Any { by_row, sorted })
    }

    /// The number of samples.
    pub fn rows(&self) -> usize {
        match self {
            Self::RowNumbers(rows) => *rows as usize,
            Self::Any { by_row, .. } => by_row.len(),
        }
    }

    /// The row of an id.
    pub fn row(&self, id: SampleId) -> Option<Row> {
        match self {
            Self::RowNumbers(rows) => (id.0 < *rows).then_some(Row(id.0 as u32)),
            Self::Any { by_row, sorted } => {
                sorted.binary_search_by_key(&id, |&row| by_row[row.index()]).ok().map(|at| sorted[at])
            }
        }
    }

    /// The id of a row below `rows()`.
    pub fn id(&self, row: Row) -> SampleId {
        match self {
            Self::RowNumbers(_) => SampleId(row.0.into()),
            Self::Any { by_row, .. } => by_row[row.index()],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_rows_are_inverse() {
        for ids in [[0, 1, 2], [9, 4, 7]] {
            let ids = SampleId::slice(&ids);
            let index = IdIndex::new(ids.to_vec(), "t", "id").unwrap();
            for (row, &id) in ids.iter().enumerate() {
                let row = Row(row as u32);
                assert_eq!((index.row(id), index.id(row)), (Some(row), id));
            }
            assert_eq!(index.row(SampleId(100)), None);
        }
    }

    #[test]
    fn a_repeated_id_names_both_rows() {
        let error = IdIndex::new(SampleId::slice(&[5, 6, 5]).to_vec(), "t.csv", "key").unwrap_err();
        assert!(matches!(error, DataError::DuplicateId { first: 0, second: 2, .. }), "{error}");
    }
}
