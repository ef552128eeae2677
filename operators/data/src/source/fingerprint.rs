//! Fingerprint of a dataset's files, which tells whether they are still the same: a hash of their content or times.

use std::hash::Hasher;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use rayon::prelude::*;
use twox_hash::XxHash64;

use super::source_trait::Source;
use crate::input_file;
use crate::object_store::{Identity, identities};
use crate::{DataError, Result};

/// Beyond so many files, reading them all to hash them would take longer than it is worth.
const MANY: usize = 1000;

/// Path, length and hash of every file: xxh64 of the content, or of path, length and modification time if the files
/// are more than 1000. Of an object, what its store says of it is hashed. Many small files have one fingerprint, of their
/// names and lengths, if the source says so.
pub(super) fn of_source(source: &dyn Source) -> Result<Vec<(PathBuf, u64, u64)>> {
    let files = source.files()?;
    match source.fingerprint_content() {
        true => {
            let by_content = files.len() <= MANY;
            of_files(files, by_content)
        }
        false => of_listing(source.folder(), &files),
    }
}

/// One fingerprint for all files below a folder.
fn of_listing(folder: PathBuf, files: &[PathBuf]) -> Result<Vec<(PathBuf, u64, u64)>> {
    // A link that leads nowhere has no length; that it cannot be read is told when it is.
    let length = |file: &PathBuf| std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    let lengths: Vec<u64> = files.par_iter().map(length).collect();
    let mut hasher = XxHash64::with_seed(0);
    for (file, length) in files.iter().zip(&lengths) {
        hasher.write(file.strip_prefix(&folder).unwrap_or(file).as_os_str().as_encoded_bytes());
        hasher.write(&length.to_le_bytes());
    }
    Ok(vec![(folder, lengths.iter().sum(), hasher.finish())])
}

/// Path, length and content hash of each file.
pub fn fingerprint(files: Vec<PathBuf>) -> Result<Vec<(PathBuf, u64, u64)>> {
    of_files(files, true)
}

fn of_files(files: Vec<PathBuf>, by_content: bool) -> Result<Vec<(PathBuf, u64, u64)>> {
    let objects = identities(&files)?;
    files
        .into_iter()
        .zip(objects)
        .map(|(file, object)| {
            let (len, hash) = match object {
                Some(Identity { length, hash: Some(hash) }) => (length, hash),
                None if !by_content => hash_times(&file)?,
                _ => hash_content(&file)?,
            };
            Ok((file, len, hash))
        })
        .collect()
}

fn hash_content(path: &Path) -> Result<(u64, u64)> {
    let missing = |path: &Path| DataError::Missing {
        path: path.to_path_buf(),
        hint: "Check the path; it is relative to the folder that the program was started in.".to_owned(),
    };
    let mut file = match input_file::open(path) {
        Err(DataError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Err(missing(path));
        }
        other => other?,
    };
    let mut hasher = XxHash64::with_seed(0);
    let mut buffer = vec![0; 1 << 20];
    let mut len = 0;
    loop {
        let read = file.read(&mut buffer).map_err(input_file::read_error(path))?;
        if read == 0 {
            return Ok((len, hasher.finish()));
        }
        hasher.write(&buffer[..read]);
        len += read as u64;
    }
}

fn hash_times(path: &Path) -> Result<(u64, u64)> {
    let metadata = std::fs::metadata(path).map_err(DataError::io(path))?;
    let modified = metadata.modified().map_err(DataError::io(path))?;
    let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut hasher = XxHash64::with_seed(0);
    hasher.write(path.as_os_str().as_encoded_bytes());
    hasher.write(&metadata.len().to_le_bytes());
    hasher.write(&since.as_nanos().to_le_bytes());
    Ok((metadata.len(), hasher.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_hash_is_xxh64() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, "abc").unwrap();
        // The reference value of xxHash for "abc" with seed 0.
        assert_eq!(hash_content(&path).unwrap(), (3, 0x44bc_2cf5_ad77_0999));
        let long = vec![7; (1 << 20) + 5];
        std::fs::write(&path, &long).unwrap();
        assert_eq!(hash_content(&path).unwrap(), (long.len() as u64, XxHash64::oneshot(0, &long)));
    }
}
