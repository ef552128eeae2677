//! Input file: a file of this computer or an object in a store, read from front to back.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use super::object_store::{self, Address, ObjectReader};
use crate::{DataError, Result};

/// The bytes of a file.
pub(super) fn open(path: &Path) -> Result<Box<dyn Read + Send>> {
    match Address::of(path)? {
        Some(address) => Ok(Box::new(ObjectReader::open(&address)?)),
        None => Ok(Box::new(File::open(path).map_err(DataError::io(path))?)),
    }
}

/// The length of a file in bytes.
pub(super) fn length(path: &Path) -> Result<u64> {
    match Address::of(path)? {
        Some(address) => object_store::length(&address),
        None => Ok(std::fs::metadata(path).map_err(DataError::io(path))?.len()),
    }
}

/// The error of reading a file: what stopped an object's download, or else the system's.
pub(super) fn read_error(path: &Path) -> impl FnOnce(std::io::Error) -> DataError {
    let path = path.to_path_buf();
    move |error| error.downcast::<DataError>().unwrap_or_else(DataError::io(path))
}
