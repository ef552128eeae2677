//! Checksums of the files of a run: a damaged or changed file is found when it is opened.

use std::collections::{BTreeMap, HashMap};
use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use relata_schemas::run_file::CHECKSUMS;
use twox_hash::xxhash3_128;

use crate::{DataError, Result};

/// Up to this size a file is read whole before it is used, which costs a tenth of a second; beyond it, only its length
/// is compared.
const READ_WHOLE: u64 = 1 << 30;
/// How old a file must be for its time to tell whether it was changed.
const SETTLED: Duration = Duration::from_secs(2);
/// Bytes read at a time.
const BLOCK: usize = 1 << 20;

/// The checksum of what was written so far: XXH3 of 128 bits, and the number of bytes.
#[derive(Default)]
pub(super) struct Hasher {
    hash: xxhash3_128::Hasher,
    bytes: u64,
}

impl std::fmt::Debug for Hasher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Hasher({} bytes)", self.bytes)
    }
}

impl Hasher {
    pub fn write(&mut self, bytes: &[u8]) {
        self.hash.write(bytes);
        self.bytes += bytes.len() as u64;
    }

    fn finish(&self) -> Checksum {
        Checksum { hash: self.hash.finish_128(), bytes: self.bytes }
    }
}

/// Length and time of a file.
type Stamp = (u64, Option<SystemTime>);

/// What was found whole in this process, since a long run opens its features again and again.
static WHOLE: LazyLock<Mutex<HashMap<PathBuf, Stamp>>> = LazyLock::new(Mutex::default);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Checksum {
    hash: u128,
    bytes: u64,
}

impl Checksum {
    fn of_file(path: &Path) -> io::Result<Self> {
        let (mut file, mut hasher) = (File::open(path)?, Hasher::default());
        let mut block = vec![0; BLOCK];
        loop {
            match file.read(&mut block)? {
                0 => return Ok(hasher.finish()),
                read => hasher.write(&block[..read]),
            }
        }
    }
}

impl std::fmt::Display for Checksum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x} {}", self.hash, self.bytes)
    }
}

/// Adds a line to the list of the folder: checksum, bytes and name. What a killed process has recorded before its file
/// was there does no harm: of several lines of a name, any may hold.
pub(super) fn record(path: &Path, hasher: &Hasher) -> Result<()> {
    let (Some(name), list) = (path.file_name(), list_of(path)) else { return Ok(()) };
    // In front, since a line that did not find room on the disk has no end.
    let line = format!("\n{} {}", hasher.finish(), name.to_string_lossy());
    let mut file = OpenOptions::new().create(true).append(true).open(&list).map_err(DataError::io(&list))?;
    file.write_all(line.as_bytes()).and_then(|()| file.sync_data()).map_err(DataError::io(&list))
}

/// Refuses a file that is not what Relata wrote: cut short, or changed in a byte. Files of which no checksum was
/// recorded pass. A file larger than 1 GiB is compared in length alone; [`damaged_files`] reads everything.
///
/// ```
/// use relata_data::sink::{verify, write_sealed};
///
/// let folder = tempfile::tempdir()?;
/// let path = folder.path().join("graph.csr");
/// write_sealed(&path, b"edges")?;
/// verify(&path)?;
/// std::fs::remove_file(&path)?;
/// std::fs::write(&path, b"edgez")?;
/// assert!(verify(&path).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify(path: &Path) -> Result<()> {
    let Ok(about) = std::fs::metadata(path) else { return Ok(()) };
    let now = (about.len(), about.modified().ok());
    if WHOLE.lock().unwrap_or_else(PoisonError::into_inner).get(path) == Some(&now) {
        return Ok(());
    }
    let Some(recorded) = path.file_name().and_then(|name| read_list(path).remove(&*name.to_string_lossy())) else {
        return Ok(());
    };
    if about.len() > READ_WHOLE && recorded.iter().any(|checksum| checksum.bytes == about.len()) {
        return Ok(());
    }
    compare(path, &recorded)?;
    // Times are coarse: what was written just now could change again within one.
    if now.1.and_then(|time| time.elapsed().ok()).is_some_and(|age| age > SETTLED) {
        WHOLE.lock().unwrap_or_else(PoisonError::into_inner).insert(path.to_path_buf(), now);
    }
    Ok(())
}

/// The content of a file that passes [`verify`].
pub fn read_verified(path: &Path) -> Result<Vec<u8>> {
    verify(path)?;
    std::fs::read(path).map_err(DataError::io(path))
}

/// Compares every file of a folder, and of the folders in it, with its checksum; returns how many there are and what is
/// wrong.
pub fn damaged_files(folder: &Path) -> Result<(usize, Vec<DataError>)> {
    let (mut files, mut damaged) = (0, vec![]);
    for (name, recorded) in read_list(&folder.join(CHECKSUMS)) {
        let path = folder.join(name);
        // Some files are gone once a stage is done, as those of old checkpoints are.
        if path.exists() {
            files += 1;
            damaged.extend(compare(&path, &recorded).err());
        }
    }
    let mut folders = vec![];
    for entry in std::fs::read_dir(folder).map_err(DataError::io(folder))? {
        let entry = entry.map_err(DataError::io(folder))?;
        if entry.file_type().map_err(DataError::io(folder))?.is_dir() {
            folders.push(entry.path());
        }
    }
    folders.sort();
    for inner in folders {
        let (more, wrong) = damaged_files(&inner)?;
        files += more;
        damaged.extend(wrong);
    }
    Ok((files, damaged))
}

fn compare(path: &Path, recorded: &[Checksum]) -> Result<()> {
    let found = Checksum::of_file(path).map_err(DataError::io(path))?;
    match recorded.last() {
        Some(last) if !recorded.contains(&found) => Err(DataError::Changed {
            path: path.to_path_buf(),
            expected: last.to_string(),
            found: found.to_string(),
            list: list_of(path),
        }),
        _ => Ok(()),
    }
}

/// The folder of a file.
pub(super) fn parent(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Whether a checksum of the file was recorded.
pub(super) fn is_listed(path: &Path) -> bool {
    path.file_name().is_some_and(|name| read_list(path).contains_key(&*name.to_string_lossy()))
}

fn list_of(path: &Path) -> PathBuf {
    parent(path).join(CHECKSUMS)
}

/// The checksums by name in the list beside a file, oldest first; a line that a killed process has not finished is none.
fn read_list(path: &Path) -> BTreeMap<String, Vec<Checksum>> {
    let mut all: BTreeMap<String, Vec<Checksum>> = BTreeMap::new();
    let mut text = vec![];
    if File::open(list_of(path)).and_then(|file| BufReader::new(file).read_to_end(&mut text)).is_err() {
        return all;
    }
    for line in String::from_utf8_lossy(&text).lines() {
        let mut words = line.splitn(3, ' ');
        if let (Some(hash), Some(bytes), Some(name)) = (words.next(), words.next(), words.next())
            && let (Ok(hash), Ok(bytes)) = (u128::from_str_radix(hash, 16), bytes.parse())
        {
            all.entry(name.to_owned()).or_default().push(Checksum { hash, bytes });
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::{AtomicFile, write_sealed};
    use super::*;

    fn overwrite(path: &Path, bytes: &[u8]) {
        std::fs::remove_file(path).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    #[test]
    fn every_changed_byte_and_length_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rounds/3/a file.parquet");
        let whole: Vec<u8> = (0..3000_u32).map(|at| (at % 251) as u8).collect();
        write_sealed(&path, &whole).unwrap();
        assert_eq!(read_verified(&path).unwrap(), whole);
        assert_eq!(damaged_files(folder.path()).unwrap().0, 1);
        for at in [0, 1500, 2999] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            overwrite(&path, &changed);
            let error = verify(&path).unwrap_err();
            assert!(matches!(&error, DataError::Changed { path: named, .. } if *named == path), "{error}");
        }
        overwrite(&path, &whole[..2999]);
        let (files, damaged) = damaged_files(folder.path()).unwrap();
        assert_eq!((files, damaged.len()), (1, 1));
        assert!(damaged[0].to_string().contains(" 2999") && damaged[0].to_string().contains(" 3000"), "{}", damaged[0]);
        overwrite(&path, &whole);
        verify(&path).unwrap();
    }

    #[test]
    fn a_file_that_was_replaced_or_was_never_recorded_passes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.parquet");
        write_sealed(&path, b"first").unwrap();
        let mut abandoned = AtomicFile::sealed(&path).unwrap();
        abandoned.write_all(b"never").unwrap();
        drop(abandoned);
        verify(&path).unwrap();
        write_sealed(&path, b"second, longer").unwrap();
        verify(&path).unwrap();
        std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
        verify(&folder.path().join("notes.txt")).unwrap();
        verify(&folder.path().join("missing")).unwrap();
        // A line that was cut short by a killed process.
        let list = folder.path().join(CHECKSUMS);
        let text = std::fs::read_to_string(&list).unwrap();
        std::fs::write(&list, format!("{text}\n00ff 1")).unwrap();
        verify(&path).unwrap();
    }
}
