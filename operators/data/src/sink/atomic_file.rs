//! Atomic file: it appears under its name only once it is complete and on disk; a failed write leaves the previous
//! file whole.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

use crate::{DataError, Result};

/// A temporary file beside its final path; dropping it without [`commit`](Self::commit) removes it.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    file: NamedTempFile,
}

impl AtomicFile {
    /// Starts a file that will be called `path`, creating its folder if need be.
    pub fn create(path: &Path) -> Result<Self> {
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        std::fs::create_dir_all(folder).map_err(DataError::io(folder))?;
        let file = Builder::new().suffix(".tmp").tempfile_in(folder).map_err(DataError::io(folder))?;
        Ok(Self { path: path.to_path_buf(), file })
    }

    /// Syncs the content to disk and renames the file to its final path.
    pub fn commit(mut self) -> Result<()> {
        self.file.flush().map_err(DataError::io(&self.path))?;
        self.file.as_file().sync_all().map_err(DataError::io(&self.path))?;
        // Temporary files are private to their owner; a result has the permissions of any other file.
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let permissions = std::fs::Permissions::from_mode(0o644);
            self.file.as_file().set_permissions(permissions).map_err(DataError::io(&self.path))?;
        }
        self.file.persist(&self.path).map_err(|e| DataError::Io { path: self.path.clone(), source: e.error })?;
        if let Some(folder) = self.path.parent().filter(|p| !p.as_os_str().is_empty())
            && let Ok(folder) = std::fs::File::open(folder)
        {
            folder.sync_all().map_err(DataError::io(&self.path))?;
        }
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Writers of Parquet and Arrow pass the error on as it is, so it names the file that the user knows.
        let named = |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", self.path.display()));
        self.file.as_file().write(bytes).map_err(named)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a whole file at once, atomically.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    let file = AtomicFile::create(path)?;
    file.file.as_file().write_all(bytes).map_err(DataError::io(path))?;
    file.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_abandoned_write_leaves_the_previous_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/result.txt");
        write_atomically(&path, b"first").unwrap();
        let mut second = AtomicFile::create(&path).unwrap();
        second.write_all(b"half of the sec").unwrap();
        drop(second);
        assert_eq!(std::fs::read(&path).unwrap(), b"first");
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }
}
