//! Blocks of a feature store: the record batches of its Arrow IPC file, found by the footer and mapped into memory.
//! Every place and every length in the file is compared with the file before it is used.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use arrow::buffer::{Buffer, ScalarBuffer};
use arrow::datatypes::Schema;
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::read_footer_length;
use arrow::ipc::{Block, Endianness, Footer, Precision, Type, root_as_footer, root_as_message};
use relata_schemas::{Element, FeatureShape};

use crate::mmap::map_file;
use crate::{DataError, RESTORE, Result};

/// Rows per record batch of the file; every batch but the last has exactly this many.
pub(crate) const BLOCK: usize = 1024;

/// The numbers of every block, all of one element type.
pub(crate) enum Blocks {
    Floats(Vec<ScalarBuffer<f32>>),
    Bytes(Vec<ScalarBuffer<u8>>),
}

/// A file whose footer and blocks have been checked.
pub(crate) struct FeatureBlocks {
    pub(crate) shape: FeatureShape,
    pub(crate) rows: usize,
    pub(crate) blocks: Blocks,
    /// Where in the file the numbers of every block begin, and how many bytes they are.
    pub(crate) places: Vec<(u64, usize)>,
}

impl FeatureBlocks {
    /// Maps a file.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let unreadable = |found: String| DataError::Unreadable {
            path: path.to_path_buf(),
            expected: "a feature store (Arrow IPC file)".to_owned(),
            found,
            hint: RESTORE.to_owned(),
        };
        let buffer = map_file(path)?;
        let (tail, start) = match buffer.last_chunk::<10>() {
            Some(&tail) => (buffer.len() - 10, read_footer_length(tail).map_err(|e| unreadable(e.to_string()))?),
            None => return Err(unreadable(format!("{} bytes", buffer.len()))),
        };
        let start = tail.checked_sub(start).ok_or_else(|| unreadable("a truncated file".to_owned()))?;
        // The footer says where the blocks are. Their heads are read, not mapped: a touched page brings many others in.
        let footer = root_as_footer(&buffer[start..tail]).map_err(|e| unreadable(e.to_string()))?;
        let schema = schema(&footer).ok_or_else(|| unreadable("other columns".to_owned()))?;
        let shape = FeatureShape::of_field(&path.display().to_string(), schema.field(0))?;
        let mut file = File::open(path).map_err(DataError::io(path))?;
        let blocks = match shape.element {
            Element::F32 => Blocks::Floats(vec![]),
            Element::U8 => Blocks::Bytes(vec![]),
        };
        let mut found = Self { shape, rows: 0, blocks, places: vec![] };
        for block in footer.recordBatches().iter().flatten() {
            let head = head(block, buffer.len()).ok_or_else(|| unreadable("a damaged block".to_owned()))?;
            let mut bytes = vec![0; head.1];
            let read = file.seek(SeekFrom::Start(head.0)).and_then(|_| file.read_exact(&mut bytes));
            read.map_err(DataError::io(path))?;
            // Eight bytes of marker and length come before the head.
            let message = bytes.get(8..).unwrap_or_default();
            found.add(&buffer, head, message).ok_or_else(|| unreadable("a damaged block".to_owned()))?;
        }
        Ok(found)
    }

    /// Adds a block, given where its head lies and what the head says; none if it is not as it should be.
    fn add(&mut self, file: &Buffer, head: (u64, usize), message: &[u8]) -> Option<()> {
        let message = root_as_message(message).ok()?;
        let batch = message.header_as_record_batch().filter(|batch| batch.compression().is_none())?;
        let rows = usize::try_from(batch.length()).ok().filter(|rows| (1..=BLOCK).contains(rows))?;
        if !self.rows.is_multiple_of(BLOCK) {
            // The block before this one was short: it was to be the last.
            return None;
        }
        let values = batch.buffers()?.iter().next_back()?;
        let (offset, len) = (u64::try_from(values.offset()).ok()?, usize::try_from(values.length()).ok()?);
        let start = head.0.checked_add(head.1 as u64)?.checked_add(offset)?;
        let end = usize::try_from(start).ok()?.checked_add(len)?;
        if end > file.len() || rows.checked_mul(self.shape.len())?.checked_mul(self.shape.element.size())? != len {
            return None;
        }
        let bytes = file.slice_with_length(start as usize, len);
        match &mut self.blocks {
            Blocks::Floats(blocks) if bytes.as_ptr().align_offset(align_of::<f32>()) == 0 => blocks.push(bytes.into()),
            Blocks::Floats(_) => return None,
            Blocks::Bytes(blocks) => blocks.push(bytes.into()),
        }
        self.places.push((start, len));
        self.rows += rows;
        Some(())
    }
}

/// The schema of a store, which has one column of lists of floats or bytes. Arrow's conversion panics at types that it
/// does not know.
fn schema(footer: &Footer) -> Option<Schema> {
    let schema = footer.schema().filter(|schema| schema.endianness() == Endianness::Little)?;
    let column = schema.fields().filter(|fields| fields.len() == 1)?.get(0);
    let item = column.children().filter(|children| children.len() == 1)?.get(0);
    let number = match item.type_type() {
        Type::FloatingPoint => item.type_as_floating_point()?.precision() == Precision::SINGLE,
        Type::Int => item.type_as_int().is_some_and(|int| int.bitWidth() == 8 && !int.is_signed()),
        _ => false,
    };
    let list = column.type_as_fixed_size_list().is_some();
    let plain = column.dictionary().is_none() && item.dictionary().is_none();
    (number && list && plain).then(|| fb_to_schema(schema))
}

/// Where the head of a block begins and how many bytes it is, if that is within the file.
fn head(block: &Block, file: usize) -> Option<(u64, usize)> {
    let (start, len) = (u64::try_from(block.offset()).ok()?, usize::try_from(block.metaDataLength()).ok()?);
    (start.checked_add(len as u64)? <= file as u64).then_some((start, len))
}
