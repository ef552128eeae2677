//! IDX file of bytes (the format of MNIST), plain or gzipped, read from front to back.

use std::fs::File;
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use crate::input_file::refuse_address;
use crate::{DataError, Result};

/// The code of unsigned bytes in an IDX header.
const UNSIGNED_BYTE: u8 = 8;

/// The bytes for which there is room before they are read.
const ROOM: usize = 1 << 20;

/// An open IDX file; its header has been read.
pub(super) struct IdxFile {
    path: PathBuf,
    input: Box<dyn Read + Send>,
    /// The items of the file.
    pub(super) items: usize,
    /// The dimensions of one item.
    pub(super) dims: Vec<usize>,
    done: usize,
}

impl IdxFile {
    /// Opens a file whose items have `dims` dimensions (2 for images, 0 for labels); gzip is known by its content.
    pub(super) fn open(path: &Path, dims: usize) -> Result<Self> {
        refuse_address(path)?;
        if !path.is_file() {
            let hint = "Check the path of the IDX file.".to_owned();
            return Err(DataError::Missing { path: path.to_path_buf(), hint });
        }
        let expected = match dims {
            0 => "an IDX file of labels (unsigned bytes in 1 dimension)",
            _ => "an IDX file of images (unsigned bytes in 3 dimensions)",
        };
        let wrong = |found: String| unreadable(path, expected, found);
        let mut file = File::open(path).map_err(DataError::io(path))?;
        let len = file.metadata().map_err(DataError::io(path))?.len();
        let mut start = [0; 2];
        file.read_exact(&mut start).map_err(|_| wrong(format!("{len} bytes")))?;
        file.rewind().map_err(DataError::io(path))?;
        let buffered = BufReader::with_capacity(1 << 16, file);
        let zipped = start == [0x1f, 0x8b];
        let mut input: Box<dyn Read + Send> =
            if zipped { Box::new(MultiGzDecoder::new(buffered)) } else { Box::new(buffered) };

        let mut magic = [0; 4];
        input.read_exact(&mut magic).map_err(|e| wrong(format!("no header ({e})")))?;
        if magic[..2] != [0, 0] {
            return Err(wrong(format!("a file that starts with {magic:02x?}")));
        }
        if magic[2] != UNSIGNED_BYTE || usize::from(magic[3]) != dims + 1 {
            return Err(wrong(format!("an IDX file of type 0x{:02x} in {} dimensions", magic[2], magic[3])));
        }
        let mut sizes = vec![0; 4 * (dims + 1)];
        input.read_exact(&mut sizes).map_err(|e| wrong(format!("half a header ({e})")))?;
        let sizes: Vec<usize> =
            sizes.chunks_exact(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]]) as usize).collect();
        let item = sizes[1..].iter().try_fold(1_usize, |product, &dim| product.checked_mul(dim));
        let item = item.filter(|&item| item > 0 && i32::try_from(item).is_ok());
        let Some(item) = item else { return Err(wrong(format!("items of {:?} bytes", &sizes[1..]))) };
        let whole = 4 + 4 * (dims as u64 + 1) + sizes[0] as u64 * item as u64;
        if !zipped && len != whole {
            return Err(unreadable(path, &format!("{whole} bytes, by the header"), format!("{len}")));
        }
        Ok(Self { path: path.to_path_buf(), input, items: sizes[0], dims: sizes[1..].to_vec(), done: 0 })
    }

    /// The bytes of one item.
    pub(super) fn item_len(&self) -> usize {
        self.dims.iter().product()
    }

    /// The next items, at most `most`; empty at the end, where the end of the file is checked too.
    pub(super) fn read(&mut self, most: usize) -> Result<Vec<u8>> {
        let len = most.min(self.items - self.done).saturating_mul(self.item_len());
        // The header of a zipped file may promise any number of bytes: only what comes takes memory.
        let mut bytes = Vec::with_capacity(len.min(ROOM));
        let outcome = (&mut self.input).take(len as u64).read_to_end(&mut bytes);
        let expected = format!("{} items of {} bytes, by the header", self.items, self.item_len());
        if outcome.is_err() || bytes.len() < len {
            let whole = self.done + bytes.len() / self.item_len();
            let reason = outcome.err().map(|e| format!(" ({e})")).unwrap_or_default();
            return Err(unreadable(&self.path, &expected, format!("{whole} of them{reason}")));
        }
        self.done += len / self.item_len();
        if self.done == self.items {
            // Reading on also makes gzip compare its checksum.
            match self.input.read(&mut [0]) {
                Ok(0) => {}
                Ok(_) => return Err(unreadable(&self.path, &expected, "more bytes after them".to_owned())),
                Err(e) => return Err(unreadable(&self.path, &expected, format!("a broken end ({e})"))),
            }
        }
        Ok(bytes)
    }
}

pub(super) fn unreadable(path: &Path, expected: &str, found: String) -> DataError {
    DataError::Unreadable {
        path: path.to_path_buf(),
        expected: expected.to_owned(),
        found,
        hint: "Check that images and labels are not swapped, or download the file again.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn refused(bytes: &[u8]) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x-ubyte");
        std::fs::write(&path, bytes).unwrap();
        let mut file = match IdxFile::open(&path, 0) {
            Ok(file) => file,
            Err(error) => return error.to_string(),
        };
        file.read(10).err().map(|e| e.to_string()).unwrap_or_default()
    }

    #[test]
    fn items_come_in_blocks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x-ubyte");
        std::fs::write(&path, [0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9]).unwrap();
        let mut file = IdxFile::open(&path, 0).unwrap();
        assert_eq!((file.items, file.item_len()), (3, 1));
        assert_eq!(
            [file.read(2).unwrap(), file.read(2).unwrap(), file.read(2).unwrap()],
            [vec![7, 8], vec![9], vec![]]
        );
        assert!(matches!(IdxFile::open(&folder.path().join("y"), 0), Err(DataError::Missing { .. })));
    }

    #[test]
    fn other_files_say_what_they_are() {
        assert!(refused(&[0]).contains("found 1 bytes"));
        assert!(refused(b"PAR1....").contains("starts with [50, 41, 52, 31]"));
        assert!(refused(&[0, 0, 8, 3, 0, 0, 0, 1]).contains("type 0x08 in 3 dimensions"));
        assert!(refused(&[0, 0, 8, 1, 0, 0, 0, 3, 7]).contains("expected 11 bytes, by the header, found 9"));
        assert!(refused(&[0, 0, 8, 1, 0, 0, 0, 1, 7, 8]).contains("expected 9 bytes, by the header, found 10"));
    }

    #[test]
    fn a_zipped_header_that_promises_terabytes_takes_no_memory() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.gz");
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let header = [[0, 0, 8, 3], [0xff; 4], [0x7f, 0xff, 0xff, 0xff], [0, 0, 0, 1]];
        encoder.write_all(header.as_flattened()).unwrap();
        std::fs::write(&path, encoder.finish().unwrap()).unwrap();
        let error = IdxFile::open(&path, 2).unwrap().read(1024).unwrap_err().to_string();
        assert!(error.contains("found 0 of them"), "{error}");
    }
}
