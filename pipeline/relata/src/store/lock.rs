//! Lock of a run folder: one process at a time works in it.

use std::fs::{File, TryLockError};

use relata_data::DataError;

use super::artifact::Artifact;
use super::error::{Result, StoreError};
use super::run::Run;

/// Held while a pipeline runs; the system frees it even if the process is killed.
pub(crate) struct RunLock {
    _file: File,
}

impl RunLock {
    /// Takes the lock; nothing in the folder is touched.
    pub fn take(run: &Run) -> Result<Self> {
        std::fs::create_dir_all(run.folder()).map_err(DataError::io(run.folder()))?;
        let path = run.path(Artifact::Lock);
        let file = File::create(&path).map_err(DataError::io(&path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked { folder: run.folder().to_path_buf() }),
            Err(TryLockError::Error(error)) => return Err(DataError::io(&path)(error).into()),
        }
        Ok(Self { _file: file })
    }
}
