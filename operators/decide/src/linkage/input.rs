//! What a linkage is made from: columns, candidate pairs, sources.

use crate::error::{self, DecideError, Result};

/// A column of records, as text; null where there is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordColumn {
    /// Its name.
    pub name: String,
    /// By row: its value.
    pub values: Vec<Option<String>>,
}

/// What a [`Linkage`](super::Linkage) is made from.
#[derive(Debug, Clone, Copy)]
pub struct LinkageInput<'a> {
    /// The columns to compare, all of the same number of rows. Without columns, the rows are those of the sources or of
    /// the pairs.
    pub columns: &'a [RecordColumn],
    /// Candidate pairs of rows (a, b) with a < b, sorted, each once. All other pairs count as different records.
    pub pairs: &'a [(u32, u32)],
    /// By candidate pair: the cosine of the embeddings of its rows, finite.
    pub cosine: &'a [f32],
    /// By row: the table that it is from, if there are several. If no candidate pair is within a source, none could be.
    pub sources: Option<&'a [u32]>,
    /// Whether an entity has at most one record of each source. Without sources it says nothing.
    pub one_per_source: bool,
    /// The seed of random pairs, models and questions.
    pub seed: u64,
}

impl LinkageInput<'_> {
    /// How many rows there are, if all fits together.
    pub(super) fn rows(&self) -> Result<usize> {
        let of_pairs = self.pairs.iter().map(|pair| pair.1 as usize + 1).max().unwrap_or(0);
        let of_columns = self.columns.first().map(|column| column.values.len());
        let rows = of_columns.or(self.sources.map(<[u32]>::len)).unwrap_or(of_pairs);
        self.columns
            .iter()
            .try_for_each(|column| error::same_length("values of a column", rows, column.values.len()))?;
        self.sources.map_or(Ok(()), |sources| error::same_length("sources of rows", rows, sources.len()))?;
        // Numbers of rows and of pairs have 32 bits, and the last one stands for none.
        for (name, count) in [("rows", rows), ("pairs", self.pairs.len())] {
            error::setting(name, count < u32::MAX as usize, "less than 2^32 - 1", count as f64)?;
        }
        error::same_length("cosines of pairs", self.pairs.len(), self.cosine.len())?;
        let check = |(at, &cosine): (usize, &f32)| error::finite("cosine of pair", at, f64::from(cosine));
        self.cosine.iter().enumerate().try_for_each(check)?;
        if let Some(&(a, b)) = self.pairs.iter().find(|&&(a, b)| a >= b || b as usize >= rows) {
            return Err(DecideError::Pair { a, b, rows });
        }
        match self.pairs.windows(2).find(|two| two[0] >= two[1]) {
            Some(&[first, (a, b)]) if first == (a, b) => Err(DecideError::RepeatedPair { a, b }),
            Some(&[_, (a, b)]) => Err(DecideError::UnsortedPair { a, b }),
            _ => Ok(rows),
        }
    }
}
