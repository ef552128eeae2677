//! Atomic file: it appears under its name only once it is complete and on disk; a failed write leaves the previous
//! file whole.

use std::fs::{File, Metadata, OpenOptions, Permissions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use relata_schemas::run_file;
use tempfile::NamedTempFile;

use super::checksums::{self, parent};
use super::unfinished;
use crate::{DataError, Result};

/// A temporary file beside its final path; dropping it without [`commit`](Self::commit) removes it.
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    target: Target,
    sealed: Option<checksums::Hasher>,
}

#[derive(Debug)]
enum Target {
    /// The permissions are those of the file that is there already.
    Beside(NamedTempFile, Option<Permissions>),
    /// A device, a pipe or a socket: what is written is gone at once.
    Through(File),
}

impl AtomicFile {
    /// Starts a file that a user has named, creating its folder if need be. A link is followed and a file that is there
    /// keeps its permissions; a new one has those that the system gives to new files. What is no plain file (a
    /// device, a named pipe) is written to, and stays what it is. Files of a run are refused.
    ///
    /// ```
    /// use std::io::Write;
    /// use relata_data::sink::AtomicFile;
    ///
    /// let folder = tempfile::tempdir()?;
    /// let path = folder.path().join("answer.csv");
    /// let mut file = AtomicFile::create(&path)?;
    /// file.write_all(b"id\n7\n")?;
    /// assert!(!path.exists());
    /// file.commit()?;
    /// assert_eq!(std::fs::read(&path)?, b"id\n7\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn create(path: &Path) -> Result<Self> {
        if std::fs::metadata(path).is_ok_and(|about| !about.is_file() && !about.is_dir()) {
            // As it is named: what `/dev/stdout` leads to has no path.
            let file = OpenOptions::new().write(true).open(path).map_err(DataError::io(path))?;
            return Ok(Self { path: path.to_path_buf(), target: Target::Through(file), sealed: None });
        }
        let path = followed(path)?;
        if is_of_a_run(&path) {
            return Err(DataError::Overwrites { path, what: "is a file of a run" });
        }
        match std::fs::metadata(&path) {
            Ok(about) if about.is_dir() => Err(DataError::io(&path)(io::ErrorKind::IsADirectory.into())),
            Ok(about) => Self::beside(path, Some(about), None),
            Err(_) => Self::beside(path, None, None),
        }
    }

    /// Starts a file of a run: once it is complete nobody may write to it, and its [checksum](super::verify) is kept.
    pub fn sealed(path: &Path) -> Result<Self> {
        Self::beside(path.to_path_buf(), None, Some(checksums::Hasher::default()))
    }

    fn beside(path: PathBuf, old: Option<Metadata>, sealed: Option<checksums::Hasher>) -> Result<Self> {
        let folder = parent(&path);
        std::fs::create_dir_all(folder).map_err(DataError::io(folder))?;
        let file = unfinished::create(folder, sealed.is_some()).map_err(DataError::io(folder))?;
        Ok(Self { path, target: Target::Beside(file, old.map(|about| about.permissions())), sealed })
    }

    /// Syncs the content to disk and renames the file to its final path.
    pub fn commit(self) -> Result<()> {
        let Self { path, target, sealed } = self;
        let (file, permissions) = match target {
            Target::Beside(file, permissions) => (file, permissions),
            Target::Through(mut file) => return file.flush().map_err(DataError::io(&path)),
        };
        if let Some(permissions) = permissions {
            file.as_file().set_permissions(permissions).map_err(DataError::io(&path))?;
        }
        file.as_file().sync_all().map_err(DataError::io(&path))?;
        if let Some(hasher) = sealed {
            // Before the file has its name: what has a name and no checksum would not be checked.
            checksums::record(&path, &hasher)?;
        }
        file.persist(&path).map_err(|e| DataError::Io { path: path.clone(), source: e.error })?;
        match File::open(parent(&path)) {
            Ok(folder) => folder.sync_all().map_err(DataError::io(&path)),
            Err(_) => Ok(()),
        }
    }

    fn file(&self) -> &File {
        match &self.target {
            Target::Beside(file, _) => file.as_file(),
            Target::Through(file) => file,
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // Writers of Parquet and Arrow pass the error on as it is, so it names the file that the user knows.
        let named = |error: io::Error| io::Error::new(error.kind(), format!("`{}`: {error}", self.path.display()));
        let written = self.file().write(bytes).map_err(named)?;
        if let Some(hasher) = &mut self.sealed {
            hasher.write(&bytes[..written]);
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

/// Writes a whole file that a user has named at once; see [`AtomicFile::create`].
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<()> {
    write_all(AtomicFile::create(path)?, bytes)
}

/// Writes a whole file of a run at once; see [`AtomicFile::sealed`].
pub fn write_sealed(path: &Path, bytes: &[u8]) -> Result<()> {
    write_all(AtomicFile::sealed(path)?, bytes)
}

fn write_all(mut file: AtomicFile, bytes: &[u8]) -> Result<()> {
    let path = file.path.clone();
    file.write_all(bytes).map_err(DataError::io(&path))?;
    file.commit()
}

/// Refuses to write a result over a file that it is made from.
///
/// ```
/// use relata_data::sink::not_an_input;
///
/// let folder = tempfile::tempdir()?;
/// let data = folder.path().join("mine.parquet");
/// std::fs::write(&data, "rows")?;
/// assert!(not_an_input(&folder.path().join("./mine.parquet"), &[data]).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn not_an_input(output: &Path, inputs: &[PathBuf]) -> Result<()> {
    match output.canonicalize() {
        Ok(whole) if inputs.iter().any(|input| input.canonicalize().is_ok_and(|input| input == whole)) => {
            Err(DataError::Overwrites { path: output.to_path_buf(), what: "is what the result is made from" })
        }
        _ => Ok(()),
    }
}

/// Whether a file belongs to a run: its checksum is listed, or it is one of those that change.
fn is_of_a_run(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    let changes = name.starts_with(run_file::LEDGER) || [run_file::LOCK, run_file::CHECKSUMS].contains(&&*name);
    path.exists() && ((changes && parent(path).join(run_file::PLAN).exists()) || checksums::is_listed(path))
}

/// Where a chain of links leads to, whether or not there is something.
fn followed(path: &Path) -> Result<PathBuf> {
    /// As many as the system follows.
    const LINKS: usize = 40;
    let mut path = path.to_path_buf();
    for _ in 0..LINKS {
        match std::fs::read_link(&path) {
            Ok(target) => path = parent(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    let circle = io::Error::other("its links lead in a circle");
    Err(DataError::io(&path)(circle))
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
        let error = write_atomically(path.parent().unwrap(), b"a folder").unwrap_err().to_string();
        assert!(error.contains("deep") && error.contains("directory"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_and_permissions_stay() {
        use std::os::unix::fs::{PermissionsExt, symlink};

        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let folder = tempfile::tempdir().unwrap();
        let [plain, new, private, link, dangling] =
            ["plain", "new", "deep/private", "link", "dangling"].map(|name| folder.path().join(name));
        std::fs::write(&plain, "as the system makes them").unwrap();
        write_atomically(&new, b"first").unwrap();
        assert_eq!(mode(&new), mode(&plain));
        write_atomically(&private, b"secret").unwrap();
        std::fs::set_permissions(&private, Permissions::from_mode(0o600)).unwrap();
        symlink("deep/private", &link).unwrap();
        write_atomically(&link, b"another secret").unwrap();
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!((std::fs::read(&private).unwrap(), mode(&private)), (b"another secret".to_vec(), 0o600));
        symlink("deep/not there yet", &dangling).unwrap();
        write_atomically(&dangling, b"there").unwrap();
        assert_eq!(std::fs::read(folder.path().join("deep/not there yet")).unwrap(), b"there");
        let circle = folder.path().join("circle");
        symlink("circle", &circle).unwrap();
        assert!(write_atomically(&circle, b"nowhere").is_err());

        write_sealed(&new, b"of a run").unwrap();
        assert_eq!((mode(&new), std::fs::read(&new).unwrap()), (mode(&plain) & 0o444, b"of a run".to_vec()));
        write_sealed(&new, b"of a run, again").unwrap();
        for file in ["new", "checksums"] {
            std::fs::write(folder.path().join("run.json"), "{}").unwrap();
            let error = write_atomically(&folder.path().join(file), b"mine").unwrap_err();
            assert!(matches!(error, DataError::Overwrites { .. }), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn pipes_and_devices_are_written_to_and_stay() {
        use std::os::unix::fs::FileTypeExt;

        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read(pipe).unwrap()
        });
        write_atomically(&pipe, b"through").unwrap();
        assert_eq!(reader.join().unwrap(), b"through");
        assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
        write_atomically(Path::new("/dev/null"), b"gone").unwrap();
        assert!(std::fs::metadata("/dev/null").unwrap().file_type().is_char_device());
        let full = write_atomically(Path::new("/dev/full"), b"no room").unwrap_err().to_string();
        assert!(full.contains("/dev/full"), "{full}");
    }
}
