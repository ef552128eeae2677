//! Input file: a file of this computer or an object in a store, read from front to back.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::object_store::{self, Address, Identity, ObjectReader};
use crate::{DataError, Result};

/// The bytes of a file.
pub(crate) fn open(path: &Path) -> Result<Box<dyn Read + Send>> {
    match Address::of(path)? {
        Some(address) => Ok(Box::new(ObjectReader::open(&address)?)),
        None => Ok(Box::new(File::open(path).map_err(DataError::io(path))?)),
    }
}

/// All bytes of a file.
pub(crate) fn read_whole(path: &Path) -> Result<Vec<u8>> {
    if Address::of(path)?.is_none() {
        return std::fs::read(path).map_err(DataError::io(path));
    }
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(read_error(path))?;
    Ok(bytes)
}

/// Length and identity of a file; only objects have one.
pub(crate) fn identity(path: &Path) -> Result<Identity> {
    match Address::of(path)? {
        Some(address) => object_store::identity(&address),
        None => Ok(Identity { length: length(path)?, hash: None }),
    }
}

/// Refuses an object that is another one than it was, of which types were told that may be others now.
pub(crate) fn refuse_change(path: &Path, before: Identity) -> Result<()> {
    match Address::of(path)? {
        Some(address) if before.hash.is_some() && object_store::identity(&address)? != before => {
            Err(object_store::changed(&address))
        }
        _ => Ok(()),
    }
}

/// The length of a file in bytes.
pub(crate) fn length(path: &Path) -> Result<u64> {
    match Address::of(path)? {
        Some(address) => object_store::length(&address),
        None => Ok(std::fs::metadata(path).map_err(DataError::io(path))?.len()),
    }
}

/// Refuses an address where only files of this computer are read.
pub(crate) fn refuse_address(path: &Path) -> Result<()> {
    match Address::of(path)? {
        None => Ok(()),
        Some(_) => Err(DataError::Unreadable {
            path: path.to_path_buf(),
            expected: "images in files of this computer".to_owned(),
            found: "an address".to_owned(),
            hint:
                "Copy the images here, or read them from a column of tensors in Parquet files, which may lie anywhere."
                    .to_owned(),
        }),
    }
}

/// The error of reading a file: what stopped an object's download, or else the system's.
pub(crate) fn read_error(path: &Path) -> impl FnOnce(std::io::Error) -> DataError {
    let path = path.to_path_buf();
    move |error| error.downcast::<DataError>().unwrap_or_else(DataError::io(path))
}
