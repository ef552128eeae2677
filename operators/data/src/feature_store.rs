//! Feature store: a memory-mapped Arrow IPC file of fixed-width rows, read by row number or from front to back.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, RecordBatch};
use arrow::buffer::{Buffer, ScalarBuffer};
use arrow::compute::concat;
use arrow::datatypes::{Field, Float32Type, Schema, SchemaRef, UInt8Type};
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::{FileReader, read_footer_length};
use arrow::ipc::writer::FileWriter;
use arrow::ipc::{root_as_footer, root_as_message};
use relata_schemas::{Element, FeatureShape};

use crate::mmap::map_file;
use crate::sink::AtomicFile;
use crate::{OperatorError, Result};

/// Rows per record batch of the file; every batch but the last has exactly this many.
const BLOCK: usize = 1024;
const COLUMN: &str = "features";
/// What a step of a byte stands for.
const UNIT: f32 = 1.0 / 255.0;

/// Writes features batch by batch; nothing is visible under the final name before `finish`.
pub struct FeatureWriter {
    shape: FeatureShape,
    schema: SchemaRef,
    writer: FileWriter<AtomicFile>,
    pending: Vec<ArrayRef>,
    pending_rows: usize,
    rows: usize,
}

impl fmt::Debug for FeatureWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FeatureWriter({} rows of {})", self.rows, self.shape)
    }
}

impl FeatureWriter {
    /// Starts a store of samples of one shape.
    pub fn create(path: &Path, shape: FeatureShape) -> Result<Self> {
        let schema: SchemaRef = Schema::new(vec![shape.field(COLUMN)]).into();
        let writer = FileWriter::try_new(AtomicFile::create(path)?, &schema)?;
        Ok(Self { shape, schema, writer, pending: vec![], pending_rows: 0, rows: 0 })
    }

    /// Appends rows: a FixedSizeList of the store's shape, without nulls.
    pub fn append(&mut self, features: &ArrayRef) -> Result<()> {
        self.pending.push(features.clone());
        self.pending_rows += features.len();
        self.rows += features.len();
        if self.pending_rows >= BLOCK { self.flush(false) } else { Ok(()) }
    }

    /// Writes the rest and gives the file its name.
    pub fn finish(mut self) -> Result<()> {
        self.flush(true)?;
        self.writer.finish()?;
        self.writer.into_inner()?.commit()
    }

    /// The number of rows appended so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn flush(&mut self, all: bool) -> Result<()> {
        let item = Field::new("item", self.shape.element.data_type(), false);
        let width = self.shape.len() as i32;
        let mut whole: Vec<ArrayRef> = Vec::with_capacity(self.pending.len());
        for part in self.pending.drain(..) {
            // The item field's name and nullability vary between writers; the store has one of its own.
            let values = part.as_fixed_size_list().values().clone();
            whole.push(Arc::new(FixedSizeListArray::try_new(item.clone().into(), width, values, None)?));
        }
        if whole.is_empty() {
            return Ok(());
        }
        let parts: Vec<&dyn Array> = whole.iter().map(|a| a.as_ref()).collect();
        let joined = concat(&parts)?;
        let mut at = 0;
        while joined.len() - at >= BLOCK || (all && at < joined.len()) {
            let rows = BLOCK.min(joined.len() - at);
            self.writer.write(&RecordBatch::try_new(self.schema.clone(), vec![joined.slice(at, rows)])?)?;
            at += rows;
        }
        if at < joined.len() {
            self.pending.push(joined.slice(at, joined.len() - at));
        }
        self.pending_rows = joined.len() - at;
        Ok(())
    }
}

/// The features of a dataset, memory-mapped; reading a row copies that row only.
#[derive(Clone)]
pub struct FeatureStore {
    path: PathBuf,
    shape: FeatureShape,
    blocks: Arc<Blocks>,
    rows: usize,
}

/// The numbers of every record batch of the file, all of one element type.
enum Blocks {
    Floats(Vec<ScalarBuffer<f32>>),
    Bytes(Vec<ScalarBuffer<u8>>),
}

impl fmt::Debug for FeatureStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FeatureStore({}, {} rows of {})", self.path.display(), self.rows, self.shape)
    }
}

impl FeatureStore {
    /// Maps a store written by [`FeatureWriter`].
    pub fn open(path: &Path) -> Result<Self> {
        let unreadable = |found: String| OperatorError::Unreadable {
            path: path.to_path_buf(),
            expected: "a feature store (Arrow IPC file)".to_owned(),
            found,
            hint: "Delete the run folder and run the pipeline again.".to_owned(),
        };
        let buffer = map_file(path)?;
        if buffer.len() < 10 {
            return Err(unreadable(format!("{} bytes", buffer.len())));
        }
        let trailer = buffer.len() - 10;
        let mut tail = [0; 10];
        tail.copy_from_slice(&buffer[trailer..]);
        let footer_len = read_footer_length(tail)?;
        let start = trailer.checked_sub(footer_len).ok_or_else(|| unreadable("a truncated file".to_owned()))?;
        // The footer says where the blocks are. Their heads are read, not mapped: a touched page brings many others in.
        let footer = root_as_footer(&buffer[start..trailer]).map_err(|e| unreadable(e.to_string()))?;
        let schema = footer.schema().ok_or_else(|| unreadable("no schema".to_owned()))?;
        let schema = Arc::new(fb_to_schema(schema));
        let shape = FeatureShape::of_field(&path.display().to_string(), schema.field(0))?;
        let mut file = File::open(path).map_err(OperatorError::io(path))?;
        let mut blocks = match shape.element {
            Element::F32 => Blocks::Floats(vec![]),
            Element::U8 => Blocks::Bytes(vec![]),
        };
        let mut rows = 0;
        for block in footer.recordBatches().iter().flatten() {
            let (first, head) = (block.offset() as u64, block.metaDataLength() as usize);
            let mut bytes = vec![0; head];
            let read = file.seek(SeekFrom::Start(first)).and_then(|_| file.read_exact(&mut bytes));
            read.map_err(OperatorError::io(path))?;
            // Eight bytes of marker and length come before the head.
            let message = root_as_message(bytes.get(8..).unwrap_or_default()).map_err(|e| unreadable(e.to_string()))?;
            let block_rows = message.header_as_record_batch().and_then(|batch| {
                let values = batch.buffers()?.iter().next_back()?;
                let start = first as usize + head + values.offset() as usize;
                let end = start.checked_add(values.length() as usize).filter(|&end| end <= buffer.len())?;
                let count = batch.length() as usize * shape.len();
                blocks.push(buffer.slice_with_length(start, end - start), count)?;
                Some(batch.length() as usize)
            });
            rows += block_rows.ok_or_else(|| unreadable("a damaged block".to_owned()))?;
        }
        Ok(Self { path: path.to_path_buf(), shape, blocks: Arc::new(blocks), rows })
    }

    /// The shape of a sample.
    pub fn shape(&self) -> &FeatureShape {
        &self.shape
    }

    /// The number of samples.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Copies row `row` (below `rows()`) into `out` (`shape().len()` floats); bytes are scaled to [0, 1].
    pub fn read(&self, row: usize, out: &mut [f32]) {
        let range = (row % BLOCK) * out.len()..(row % BLOCK + 1) * out.len();
        match &*self.blocks {
            Blocks::Floats(blocks) => out.copy_from_slice(&blocks[row / BLOCK][range]),
            Blocks::Bytes(blocks) => scale(&blocks[row / BLOCK][range], out),
        }
    }

    /// The number at `column` of row `row`.
    pub fn value(&self, row: usize, column: usize) -> f32 {
        let at = (row % BLOCK) * self.shape.len() + column;
        match &*self.blocks {
            Blocks::Floats(blocks) => blocks[row / BLOCK][at],
            Blocks::Bytes(blocks) => f32::from(blocks[row / BLOCK][at]) * UNIT,
        }
    }

    /// All rows from front to back in blocks, `[rows, shape().len()]`, through plain reads:
    /// memory stays at one block however long the file is.
    pub fn scan(&self) -> Result<impl Iterator<Item = Result<Vec<f32>>> + Send + use<>> {
        let file = File::open(&self.path).map_err(OperatorError::io(&self.path))?;
        let reader = FileReader::try_new(BufReader::new(file), None)?;
        let width = self.shape.len();
        Ok(reader.map(move |batch| {
            let features = batch?.column(0).clone();
            let mut out = vec![0.0; features.len() * width];
            let values = features.as_fixed_size_list().values();
            match values.as_primitive_opt::<Float32Type>() {
                Some(values) => out.copy_from_slice(values.values()),
                None => scale(values.as_primitive::<UInt8Type>().values(), &mut out),
            }
            Ok(out)
        }))
    }
}

impl Blocks {
    /// Adds a block of `count` numbers; none if the bytes are not as many as they should be.
    fn push(&mut self, bytes: Buffer, count: usize) -> Option<()> {
        match self {
            Self::Floats(blocks) => {
                let aligned = bytes.as_ptr().align_offset(align_of::<f32>()) == 0;
                (aligned && bytes.len() == 4 * count).then(|| blocks.push(bytes.into()))
            }
            Self::Bytes(blocks) => (bytes.len() == count).then(|| blocks.push(bytes.into())),
        }
    }
}

/// Bytes as numbers in [0, 1].
fn scale(bytes: &[u8], out: &mut [f32]) {
    for (out, &byte) in out.iter_mut().zip(bytes) {
        *out = f32::from(byte) * UNIT;
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Float32Array;
    use arrow::datatypes::DataType;

    use super::*;

    fn list(rows: usize, width: usize) -> ArrayRef {
        let values = Float32Array::from_iter_values((0..rows * width).map(|v| v as f32));
        let item = Field::new("element", DataType::Float32, true);
        Arc::new(FixedSizeListArray::new(item.into(), width as i32, Arc::new(values), None))
    }

    #[test]
    fn rows_come_back_by_number_and_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("features.arrow");
        let mut writer = FeatureWriter::create(&path, FeatureShape::image(1, 1, 3, Element::F32)).unwrap();
        let all = list(2500, 3);
        writer.append(&all.slice(0, 700)).unwrap();
        writer.append(&all.slice(700, 1800)).unwrap();
        assert!(!path.exists());
        writer.finish().unwrap();

        let store = FeatureStore::open(&path).unwrap();
        assert_eq!((store.rows(), store.shape().dims.as_slice()), (2500, [1, 1, 3].as_slice()));
        let mut row = [0.0; 3];
        store.read(2049, &mut row);
        assert_eq!(row, [6147.0, 6148.0, 6149.0]);
        assert_eq!(store.value(700, 1), 2101.0);
        let scanned: Vec<f32> = store.scan().unwrap().flat_map(|block| block.unwrap()).collect();
        assert!(scanned.iter().enumerate().all(|(at, &v)| at as f32 == v) && scanned.len() == 7500);
    }

    #[test]
    fn a_truncated_store_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("features.arrow");
        std::fs::write(&path, b"ARROW1").unwrap();
        assert!(FeatureStore::open(&path).is_err());
    }
}
