//! Unfinished (temporary) files: what is being written, under a name of ours, and what killed processes have left.

use std::fs::{File, Permissions, TryLockError};
use std::io;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use crate::{DataError, Result};

const PREFIX: &str = ".relata-";
const SUFFIX: &str = ".tmp";

/// A new file in a folder, locked as long as its process lives.
pub(super) fn create(folder: &Path, sealed: bool) -> io::Result<NamedTempFile> {
    loop {
        let mut builder = Builder::new();
        builder.prefix(PREFIX).suffix(SUFFIX);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            // The system takes away what its umask forbids.
            builder.permissions(Permissions::from_mode(if sealed { 0o444 } else { 0o666 }));
        }
        let file = builder.tempfile_in(folder)?;
        // Some file systems have no locks: nobody removes a file there that cannot be locked.
        if file.as_file().lock().is_err() || is_linked(file.as_file())? {
            return Ok(file);
        }
        // Between the two calls somebody took it for a leftover.
    }
}

/// Removes what killed processes have left in a folder and those in it; other files, and those that a process is
/// writing, stay.
pub fn remove_unfinished(folder: &Path) -> Result<()> {
    for entry in std::fs::read_dir(folder).map_err(DataError::io(folder))? {
        let entry = entry.map_err(DataError::io(folder))?;
        let (path, kind) = (entry.path(), entry.file_type().map_err(DataError::io(folder))?);
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if kind.is_dir() {
            remove_unfinished(&path)?;
        } else if kind.is_file() && name.starts_with(PREFIX) && name.ends_with(SUFFIX) {
            match File::open(&path).map(|file| file.try_lock()) {
                Ok(Ok(())) => std::fs::remove_file(&path).map_err(DataError::io(&path))?,
                Ok(Err(TryLockError::WouldBlock)) => {}
                // It is gone, or cannot be told from one that is written.
                Ok(Err(TryLockError::Error(_))) | Err(_) => {}
            }
        }
    }
    Ok(())
}

/// Whether a file still has a name.
fn is_linked(file: &File) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Ok(file.metadata()?.nlink() > 0)
    }
    #[cfg(not(unix))]
    {
        file.metadata().map(|_| true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_go_and_everything_else_stays() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("rounds/0/plots");
        std::fs::create_dir_all(&deep).unwrap();
        let written = create(&deep, false).unwrap();
        let left = deep.join(".relata-abc123.tmp");
        let others = ["notes.tmp", ".relata-notes", "x.relata-1.tmp"].map(|name| folder.path().join(name));
        for file in others.iter().chain([&left]) {
            std::fs::write(file, "content").unwrap();
        }
        remove_unfinished(folder.path()).unwrap();
        assert!(written.path().exists() && !left.exists() && others.iter().all(|file| file.exists()));
        let path = written.path().to_path_buf();
        std::mem::forget(written.into_parts().1);
        remove_unfinished(folder.path()).unwrap();
        assert!(!path.exists());
    }
}
