//! Memory-mapped files (mmap) as Arrow buffers.

use std::fs::File;
use std::path::Path;
use std::ptr::NonNull;
use std::sync::Arc;

use arrow::buffer::Buffer;
use memmap2::Mmap;

use crate::sink::verify;
use crate::{DataError, Result};

/// Maps a file that Relata wrote atomically and never changes in place, if it is [what was written](verify); the map
/// lives as long as any array over it.
pub fn map_file(path: &Path) -> Result<Buffer> {
    verify(path)?;
    let file = File::open(path).map_err(DataError::io(path))?;
    // SAFETY: the file is written once under a temporary name and renamed; Relata never changes it in place.
    let map = unsafe { Mmap::map(&file) }.map_err(DataError::io(path))?;
    let owner = Arc::new(map);
    Ok(match NonNull::new(owner.as_ptr().cast_mut()) {
        // SAFETY: pointer and length are those of the map, which the buffer's owner keeps alive and unchanged.
        Some(pointer) => unsafe { Buffer::from_custom_allocation(pointer, owner.len(), owner.clone()) },
        None => Buffer::default(),
    })
}
