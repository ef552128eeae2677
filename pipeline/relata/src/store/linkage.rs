//! Linkage of a run: what was learned of pairs of its records, as JSON.

use relata_data::sink::{read_verified, write_sealed};
use relata_decide::linkage::LinkageModel;

use super::artifact::Artifact;
use super::error::{Result, StoreError};
use super::run::Run;

/// Writes it down.
pub(crate) fn write_linkage(run: &Run, model: &LinkageModel) -> Result<()> {
    let path = run.path(Artifact::Linkage);
    let text = serde_json::to_vec(model).map_err(|error| StoreError::corrupt(&path, error))?;
    Ok(write_sealed(&path, &text)?)
}

/// Reads it.
pub(crate) fn read_linkage(run: &Run) -> Result<LinkageModel> {
    let path = run.path(Artifact::Linkage);
    if !path.is_file() {
        return Err(StoreError::NotThere {
            folder: run.folder().to_path_buf(),
            what: Artifact::Linkage.name().to_owned(),
            hint: "Records are looked up in a run of this version of Relata with `.decide(entities())` that is \
                   finished: run its pipeline, into another folder if this one is of an earlier version."
                .to_owned(),
        });
    }
    let text = read_verified(&path)?;
    serde_json::from_slice(&text).map_err(|error| StoreError::corrupt(&path, error))
}
