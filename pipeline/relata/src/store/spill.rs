//! Spill folder of a run: what sorts and joins do not hold in memory while a process works in the run.

use std::path::{Path, PathBuf};

use relata_data::source::session_spilling_to;
use relata_data::{DataError, Session};

use super::artifact::Artifact;
use super::error::Result;
use super::run::Run;

/// Removed when it is dropped; what a killed process has left, when the next one begins.
pub(crate) struct SpillFolder {
    folder: PathBuf,
    of_run: bool,
}

impl SpillFolder {
    /// The folder in a run whose lock is held, or another one that somebody has chosen.
    pub fn new(run: &Run, chosen: Option<&Path>) -> Result<Self> {
        let folder = chosen.map_or_else(|| run.path(Artifact::Spill), Path::to_path_buf);
        let of_run = chosen.is_none();
        if of_run && folder.exists() {
            std::fs::remove_dir_all(&folder).map_err(DataError::io(&folder))?;
        }
        Ok(Self { folder, of_run })
    }

    /// A session that spills there.
    pub fn session(&self) -> Result<Session> {
        Ok(session_spilling_to(&self.folder)?)
    }
}

impl Drop for SpillFolder {
    fn drop(&mut self) {
        if self.of_run {
            // A session that is still open somewhere removes its files itself, and the next run the folder.
            let _ = std::fs::remove_dir(&self.folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_goes_and_the_folder_with_the_work() {
        let folder = tempfile::tempdir().unwrap();
        let run = Run::at(folder.path().join("run"));
        std::fs::create_dir_all(run.path("spill/datafusion-left")).unwrap();
        let spill = SpillFolder::new(&run, None).unwrap();
        let session = spill.session().unwrap();
        assert!(run.path(Artifact::Spill).is_dir() && !run.path("spill/datafusion-left").exists());
        drop(session);
        drop(spill);
        assert!(!run.path(Artifact::Spill).exists());
        let chosen = folder.path().join("scratch");
        drop(SpillFolder::new(&run, Some(&chosen)).unwrap().session().unwrap());
        assert!(chosen.is_dir());
    }
}
