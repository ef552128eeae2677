//! Vectors of a whole embeddings file, for pictures that need no label.

use std::path::Path;

use relata_data::{DataError, ParquetFile};
use relata_schemas::embeddings::EMBEDDING;

use super::error::Result;
use super::vectors::{Vectors, VectorsBuilder};
use relata_data::embeddings::VectorColumn;

/// Reads the column `embedding` a batch at a time, as vectors of one class; none if there are no rows.
pub(crate) fn read_vectors(path: &Path) -> Result<Option<Vectors>> {
    let file = ParquetFile::open(path)?;
    let at = file.schema().index_of(EMBEDDING).map_err(DataError::from)?;
    let table = path.display().to_string();
    let (mut vectors, mut first_row): (Option<VectorsBuilder>, u64) = (None, 0);
    for batch in file.batches([at], 1024)? {
        let batch = batch?;
        let column = VectorColumn::new(&table, EMBEDDING, first_row, batch[EMBEDDING].clone())?;
        for row in 0..batch.num_rows() {
            let vector = column.row(row, None)?;
            let builder = match &mut vectors {
                Some(builder) => builder,
                None => vectors.insert(Vectors::builder_beside(vector.len(), path)?),
            };
            builder.push(vector, 0)?;
        }
        first_row += batch.num_rows() as u64;
    }
    vectors.map(VectorsBuilder::finish).transpose()
}
