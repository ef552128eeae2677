//! Feature store: a memory-mapped Arrow IPC file of fixed-width rows, read by row number or from front to back.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, FixedSizeListArray, Float32Array, RecordBatch, UInt8Array};
use arrow::compute::concat;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::ipc::writer::FileWriter;
use relata_schemas::{Element, FeatureShape};

use crate::feature_blocks::{BLOCK, Blocks, FeatureBlocks};
use crate::fields::{FittedFields, RecordStore, TableFeatures, join_records};
use crate::index::Row;
use crate::sample_batch::{SampleBatch, SampleContent};
use crate::sink::AtomicFile;
use crate::{DataError, Result};

const COLUMN: &str = "features";
/// What a step of a byte stands for.
const UNIT: f32 = 1.0 / 255.0;
/// Numbers of a block of rows that are decoded when they are read, at most.
const BLOCK_FLOATS: usize = 8 << 20;

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
        let writer = FileWriter::try_new(AtomicFile::sealed(path)?, &schema)?;
        Ok(Self { shape, schema, writer, pending: vec![], pending_rows: 0, rows: 0 })
    }

    /// Appends rows: a FixedSizeList of the store's shape, without nulls.
    pub fn append(&mut self, features: &ArrayRef) -> Result<()> {
        self.pending.push(features.clone());
        self.pending_rows += features.len();
        self.rows += features.len();
        if self.pending_rows >= BLOCK { self.flush(false) } else { Ok(()) }
    }

    /// Appends all rows of a store of numbers of the same shape.
    pub(crate) fn append_blocks(&mut self, store: &FeatureBlocks) -> Result<()> {
        let width = self.shape.len() as i32;
        let item = Arc::new(Field::new("item", self.shape.element.data_type(), false));
        let arrays: Vec<ArrayRef> = match &store.blocks {
            Blocks::Floats(blocks) => {
                blocks.iter().map(|block| Arc::new(Float32Array::new(block.clone(), None)) as ArrayRef).collect()
            }
            Blocks::Bytes(blocks) => {
                blocks.iter().map(|block| Arc::new(UInt8Array::new(block.clone(), None)) as ArrayRef).collect()
            }
        };
        for values in arrays {
            let rows: ArrayRef = Arc::new(FixedSizeListArray::try_new(item.clone(), width, values, None)?);
            self.append(&rows)?;
        }
        Ok(())
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
    content: Content,
}

/// What a store holds.
#[derive(Clone)]
enum Content {
    /// Numbers.
    Numbers(Arc<FeatureBlocks>),
    /// Raw values, and what makes numbers of them; pictures too.
    Table(Arc<TableFeatures>),
}

impl fmt::Debug for FeatureStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FeatureStore({}, {} rows of {})", self.path.display(), self.rows(), self.shape())
    }
}

impl FeatureStore {
    /// Maps a store written by [`FeatureWriter`].
    pub fn open(path: &Path) -> Result<Self> {
        let content = Content::Numbers(Arc::new(FeatureBlocks::open(path)?));
        Ok(Self { path: path.to_path_buf(), content })
    }

    /// Maps a store of raw values written by [`RecordWriter`](crate::fields::RecordWriter).
    pub fn open_table(path: &Path, fitted: FittedFields) -> Result<Self> {
        let records = RecordStore::open(path, &fitted.specs())?;
        let folder = path.parent().unwrap_or(Path::new("."));
        Ok(Self::of_table(path, TableFeatures::new(records, fitted, folder, vec![])))
    }

    /// Raw values and how they are encoded.
    pub(crate) fn of_table(path: &Path, table: TableFeatures) -> Self {
        Self { path: path.to_path_buf(), content: Content::Table(Arc::new(table)) }
    }

    /// Writes a store of the rows of this one, and after them those of another, which holds samples of the same kind, in
    /// the folder of `path`.
    pub(crate) fn join(&self, other: &Self, path: &Path) -> Result<()> {
        match (&self.content, &other.content) {
            (Content::Numbers(first), Content::Numbers(second)) => {
                let mut writer = FeatureWriter::create(path, first.shape.clone())?;
                writer.append_blocks(first)?;
                writer.append_blocks(second)?;
                writer.finish()
            }
            (Content::Table(first), Content::Table(second)) => {
                join_records(path, first.records(), second.records(), &first.fitted().specs())
            }
            _ => Err(DataError::setting("the samples", "features", self.shape().to_string(), other.shape())),
        }
    }

    /// The shape of a sample.
    pub fn shape(&self) -> &FeatureShape {
        match &self.content {
            Content::Numbers(file) => &file.shape,
            Content::Table(table) => table.shape(),
        }
    }

    /// The number of samples.
    pub fn rows(&self) -> usize {
        match &self.content {
            Content::Numbers(file) => file.rows,
            Content::Table(table) => table.records().rows(),
        }
    }

    /// The raw values and the statistics of a table; none for vectors and images.
    pub fn table(&self) -> Option<&TableFeatures> {
        self.raw().filter(|table| table.shape().is_table())
    }

    /// The raw values and the statistics of a table or of pictures; none if the store holds numbers.
    pub fn raw(&self) -> Option<&TableFeatures> {
        match &self.content {
            Content::Numbers(_) => None,
            Content::Table(table) => Some(table),
        }
    }

    /// Copies row `row` (below `rows()`) into `out` (`shape().len()` floats); bytes are scaled to [0, 1]. A picture whose
    /// file is gone or is another one by now is an error.
    pub fn read(&self, row: Row, out: &mut [f32]) -> Result<()> {
        let file = match &self.content {
            Content::Numbers(file) => file,
            Content::Table(table) => return table.read(row, out),
        };
        let row = row.index();
        let range = (row % BLOCK) * out.len()..(row % BLOCK + 1) * out.len();
        match &file.blocks {
            Blocks::Floats(blocks) => out.copy_from_slice(&blocks[row / BLOCK][range]),
            Blocks::Bytes(blocks) => scale(&blocks[row / BLOCK][range], out),
        }
        Ok(())
    }

    /// The number at `column` of row `row`.
    pub fn value(&self, row: Row, column: usize) -> Result<f32> {
        let file = match &self.content {
            Content::Numbers(file) => file,
            Content::Table(table) => {
                let mut numbers = vec![0.0; table.shape().len()];
                table.read(row, &mut numbers)?;
                return Ok(numbers[column]);
            }
        };
        let row = row.index();
        let at = (row % BLOCK) * self.shape().len() + column;
        Ok(match &file.blocks {
            Blocks::Floats(blocks) => blocks[row / BLOCK][at],
            Blocks::Bytes(blocks) => f32::from(blocks[row / BLOCK][at]) * UNIT,
        })
    }

    /// All rows from front to back in blocks: numbers only, or numbers and bags of tokens. Numbers are read through plain
    /// reads: memory stays at one block however long the file is.
    pub fn scan(&self, content: SampleContent) -> Result<impl Iterator<Item = Result<SampleBatch>> + Send + use<>> {
        let file = match &self.content {
            Content::Numbers(_) => Some(File::open(&self.path).map_err(DataError::io(&self.path))?),
            Content::Table(_) => None,
        };
        let store = self.clone();
        let rows_of_block = match &self.content {
            Content::Table(_) => (BLOCK_FLOATS / self.shape().len().max(1)).clamp(1, BLOCK),
            Content::Numbers(_) => BLOCK,
        };
        let blocks = self.rows().div_ceil(rows_of_block);
        Ok((0..blocks).map(move |block| match &store.content {
            Content::Table(table) => {
                let end = table.records().rows().min((block + 1) * rows_of_block);
                let rows = (block * rows_of_block..end).map(|row| Row(row as u32));
                table.samples(&rows.collect::<Vec<_>>(), content)
            }
            Content::Numbers(numbers) => match &file {
                Some(file) => Ok(store.block(numbers, file, block)?.into()),
                None => unreachable!("the file of a store of numbers is open"),
            },
        }))
    }

    fn block(&self, numbers: &FeatureBlocks, mut file: &File, block: usize) -> Result<Vec<f32>> {
        let (start, len) = numbers.places[block];
        let mut bytes = vec![0; len];
        let read = file.seek(SeekFrom::Start(start)).and_then(|_| file.read_exact(&mut bytes));
        read.map_err(DataError::io(&self.path))?;
        Ok(match numbers.shape.element {
            Element::F32 => bytes.as_chunks().0.iter().map(|&number| f32::from_le_bytes(number)).collect(),
            Element::U8 => bytes.iter().map(|&byte| f32::from(byte) * UNIT).collect(),
        })
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
        store.read(Row(2049), &mut row).unwrap();
        assert_eq!(row, [6147.0, 6148.0, 6149.0]);
        assert_eq!(store.value(Row(700), 1).unwrap(), 2101.0);
        let scanned: Vec<f32> =
            store.scan(SampleContent::Numbers).unwrap().flat_map(|block| block.unwrap().values).collect();
        assert!(scanned.iter().enumerate().all(|(at, &v)| at as f32 == v) && scanned.len() == 7500);
    }

    #[test]
    fn a_damaged_store_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("features.arrow");
        let mut writer = FeatureWriter::create(&path, FeatureShape::vector(3)).unwrap();
        writer.append(&list(1030, 3)).unwrap();
        writer.finish().unwrap();
        let whole = std::fs::read(&path).unwrap();
        // Where there is no checksum, which would find it first.
        let elsewhere = tempfile::tempdir().unwrap();
        let path = elsewhere.path().join("features.arrow");
        let refused = |bytes: &[u8]| {
            std::fs::write(&path, bytes).unwrap();
            FeatureStore::open(&path).unwrap_err().to_string()
        };
        for cut in [0, 6, whole.len() / 2, whole.len() - 1] {
            assert!(refused(&whole[..cut]).contains("a feature store"), "{cut}");
        }
        // Each block of the footer is an offset of 8 bytes, the length of its head in 4, and that of its body in 8.
        let schema_end = whole.windows(4).position(|word| word == [0xff; 4]).unwrap();
        let first = whole[schema_end + 8..].windows(8).position(|word| word[..4] == [0xff; 4]).unwrap();
        let first = ((schema_end + 8 + first) as u64).to_le_bytes();
        let place = whole.windows(8).rposition(|word| word == first).unwrap();
        for (at, number) in [(0, -1), (0, i64::MAX), (0, i64::MAX - 200), (8, -1), (8, i64::from(i32::MAX))] {
            let mut bytes = whole.clone();
            let number = number.to_le_bytes();
            let len = if at == 0 { 8 } else { 4 };
            bytes[place + at..place + at + len].copy_from_slice(&number[..len]);
            assert!(refused(&bytes).contains("a damaged block"), "{at}");
        }
        // The short block is the last one.
        let mut swapped = whole.clone();
        swapped[place..place + 24].copy_from_slice(&whole[place + 24..place + 48]);
        swapped[place + 24..place + 48].copy_from_slice(&whole[place..place + 24]);
        assert!(refused(&swapped).contains("a damaged block"));
    }
}
