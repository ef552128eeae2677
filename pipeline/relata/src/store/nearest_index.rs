//! Nearest index of a run: where it lies, and whether it is of the embeddings that are there.

use std::path::Path;

use relata_data::DataError;
use relata_graph::knn::{InvertedFile, NearestIndex};
use relata_schemas::run_file;

use super::artifact::Artifact;
use super::error::Result;
use super::run::Run;

impl Run {
    /// Writes an index of the embeddings, whose unit vectors are `values`.
    pub(crate) fn write_nearest_index(&self, index: &InvertedFile, values: &[f32]) -> Result<()> {
        Ok(NearestIndex::write(&self.path(Artifact::NearestIndex), index, values, stamp(&self.embeddings())?)?)
    }
}

/// The index beside a file of embeddings, if there is one of just these.
pub(crate) fn nearest_index(embeddings: &Path) -> Result<Option<NearestIndex>> {
    let path = embeddings.with_file_name(run_file::NEAREST_INDEX);
    if embeddings.file_name().is_none_or(|name| name != run_file::EMBEDDINGS) || !path.is_file() {
        return Ok(None);
    }
    let index = NearestIndex::open(&path)?;
    let is_current = index.stamp() == stamp(embeddings)?;
    Ok(is_current.then_some(index))
}

/// What tells one file of embeddings from another.
fn stamp(embeddings: &Path) -> Result<u64> {
    Ok(std::fs::metadata(embeddings).map_err(DataError::io(embeddings))?.len())
}
