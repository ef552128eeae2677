//! Record store: the raw values of the fields of a dataset, in a memory-mapped Arrow IPC file, read by row number.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, Float64Array, Int64Array, LargeBinaryArray, LargeStringArray,
    RecordBatch,
};
use arrow::buffer::Buffer;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field as ArrowField, Float32Type, Float64Type, Int64Type, Schema, SchemaRef};
use arrow::ipc::convert::fb_to_schema;
use arrow::ipc::reader::{FileDecoder, read_footer_length};
use arrow::ipc::root_as_footer;
use arrow::ipc::writer::FileWriter;

use super::convert::Converter;
use super::field::{Field, FieldKind};
use super::record::{Record, Value};
use crate::decoder_panic::guarded;
use crate::index::Row;
use crate::mmap::map_file;
use crate::sink::AtomicFile;
use crate::{DataError, RESTORE, Result};

/// Rows of a block; only the last is shorter. Fewer where they hold pictures.
const BLOCK: usize = 8192;
const PICTURE_BLOCK: usize = 256;

/// The schema's metadata that says which folder paths of pictures are relative to.
const FOLDER: &str = "relata.folder";

/// Writes the fields of a table batch by batch; nothing is visible under the final name before `finish`.
pub struct RecordWriter {
    fields: Vec<Field>,
    columns: Vec<usize>,
    converters: Vec<Converter>,
    path: PathBuf,
    folder: PathBuf,
    block: usize,
    writer: Option<FileWriter<AtomicFile>>,
    pending: Vec<RecordBatch>,
    rows: usize,
}

impl fmt::Debug for RecordWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordWriter({}, {} fields)", self.path.display(), self.fields.len())
    }
}

impl RecordWriter {
    /// Starts a store of these fields of a table; refuses a column that cannot be read as its field says. Paths of
    /// pictures are relative to `folder`.
    pub fn create(path: &Path, table: &str, schema: &Schema, fields: &[Field], folder: &Path) -> Result<Self> {
        let columns = fields.iter().map(|field| crate::feature_columns::position(table, schema, &field.column));
        let columns: Vec<usize> = columns.collect::<Result<_>>()?;
        let converters = fields.iter().zip(&columns).map(|(field, &at)| Converter::new(table, field, schema.field(at)));
        let converters = converters.collect::<Result<_>>()?;
        let block = if fields.iter().any(Field::is_image) { PICTURE_BLOCK } else { BLOCK };
        Ok(Self {
            fields: fields.to_vec(),
            columns,
            converters,
            path: path.to_path_buf(),
            folder: folder.to_path_buf(),
            block,
            writer: None,
            pending: vec![],
            rows: 0,
        })
    }

    /// Appends the rows of a batch whose first is `first_row` of the table.
    pub fn append(&mut self, batch: &RecordBatch, first_row: u64) -> Result<()> {
        let converted = self.converters.iter_mut().zip(&self.columns);
        let converted = converted.map(|(converter, &at)| converter.convert(batch.column(at), first_row));
        let converted: Vec<ArrayRef> = converted.collect::<Result<_>>()?;
        let columns = self.fields.iter().zip(&converted);
        let columns = columns.map(|(field, array)| ArrowField::new(&field.column, array.data_type().clone(), true));
        let mut schema = Schema::new(columns.collect::<Vec<_>>());
        if self.fields.iter().any(Field::is_image) {
            schema.metadata = HashMap::from([(FOLDER.to_owned(), self.folder.to_string_lossy().into_owned())]);
        }
        let schema: SchemaRef = schema.into();
        if self.writer.is_none() {
            self.writer = Some(FileWriter::try_new(AtomicFile::sealed(&self.path)?, &schema)?);
        }
        self.pending.push(RecordBatch::try_new(schema, converted)?);
        self.rows += batch.num_rows();
        if self.rows >= self.block { self.flush(false) } else { Ok(()) }
    }

    /// Writes the rest and gives the file its name.
    pub fn finish(mut self) -> Result<()> {
        self.flush(true)?;
        if let Some(mut writer) = self.writer.take() {
            writer.finish()?;
            writer.into_inner()?.commit()?;
        }
        Ok(())
    }

    fn flush(&mut self, all: bool) -> Result<()> {
        let (Some(writer), Some(first)) = (&mut self.writer, self.pending.first()) else { return Ok(()) };
        let joined = concat_batches(&first.schema(), &self.pending)?;
        self.pending.clear();
        let mut at = 0;
        while joined.num_rows() - at >= self.block || (all && at < joined.num_rows()) {
            let rows = self.block.min(joined.num_rows() - at);
            // A slice would be written with the offsets of the whole; a copy has its own.
            writer.write(&concat_batches(&joined.schema(), [&joined.slice(at, rows)])?)?;
            at += rows;
        }
        self.rows = joined.num_rows() - at;
        if self.rows > 0 {
            self.pending.push(joined.slice(at, self.rows));
        }
        Ok(())
    }
}

/// The raw values of a dataset. Cloning is cheap.
#[derive(Clone)]
pub struct RecordStore {
    schema: SchemaRef,
    blocks: Arc<Vec<Vec<Column>>>,
    batches: Arc<Vec<RecordBatch>>,
    /// Rows of a block.
    block: usize,
    rows: usize,
}

/// A picture as it is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Encoded<'a> {
    /// The path of its file, relative to the store's folder.
    Path(&'a str),
    /// The bytes of its file.
    Bytes(&'a [u8]),
    /// There is none.
    None,
}

enum Column {
    Text(LargeStringArray),
    Number(Float64Array),
    Date(Int64Array),
    Vector(FixedSizeListArray),
    Paths(LargeStringArray),
    Pictures(LargeBinaryArray),
}

impl fmt::Debug for RecordStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RecordStore({} rows of {} columns)", self.rows, self.schema.fields().len())
    }
}

impl RecordStore {
    /// Maps a store that [`RecordWriter`] wrote.
    pub fn open(path: &Path, fields: &[Field]) -> Result<Self> {
        let unreadable = |found: String| DataError::Unreadable {
            path: path.to_path_buf(),
            expected: "a store of raw values (Arrow IPC file)".to_owned(),
            found,
            hint: RESTORE.to_owned(),
        };
        let buffer = map_file(path)?;
        let batches = guarded(|| read(&buffer)).map_err(&unreadable)?;
        let schema = batches.first().map(RecordBatch::schema).ok_or_else(|| unreadable("no rows".to_owned()))?;
        let names_match = schema.fields().len() == fields.len()
            && schema.fields().iter().zip(fields).all(|(column, field)| *column.name() == field.column);
        if !names_match {
            return Err(unreadable("other columns than those of its fields".to_owned()));
        }
        let block = batches.first().map_or(0, RecordBatch::num_rows);
        let full = batches.split_last().is_some_and(|(last, before)| {
            (1..=block).contains(&last.num_rows()) && before.iter().all(|batch| batch.num_rows() == block)
        });
        if !full {
            return Err(unreadable("blocks of other lengths".to_owned()));
        }
        let mut blocks = Vec::with_capacity(batches.len());
        for batch in &batches {
            let columns = batch.columns().iter().zip(fields).map(|(array, field)| Column::of(array, field));
            let columns: Option<Vec<Column>> = columns.collect();
            blocks.push(columns.ok_or_else(|| unreadable("a column of another type".to_owned()))?);
        }
        let rows = batches.iter().map(RecordBatch::num_rows).sum();
        Ok(Self { schema, blocks: Arc::new(blocks), batches: Arc::new(batches), block, rows })
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The raw values as record batches, for queries.
    pub fn batches(&self) -> (SchemaRef, &[RecordBatch]) {
        (self.schema.clone(), &self.batches)
    }

    /// The folder that paths of pictures are relative to.
    pub fn folder(&self) -> &Path {
        Path::new(self.schema.metadata.get(FOLDER).map_or("", String::as_str))
    }

    /// Whether a row has a picture in a field.
    pub(super) fn has_picture(&self, row: Row, field: usize) -> bool {
        self.encoded(row, field) != Encoded::None
    }

    /// The picture of a row as it is kept.
    pub(crate) fn encoded(&self, row: Row, field: usize) -> Encoded<'_> {
        let (block, at) = (row.index() / self.block, row.index() % self.block);
        match &self.blocks[block][field] {
            Column::Paths(paths) if paths.is_valid(at) => Encoded::Path(paths.value(at)),
            Column::Pictures(pictures) if pictures.is_valid(at) => Encoded::Bytes(pictures.value(at)),
            _ => Encoded::None,
        }
    }

    /// Copies the values of a row, which is below `rows()`; pictures are left out, as they are not decoded here.
    pub fn read(&self, row: Row, record: &mut Record) {
        record.values.resize_with(self.schema.fields().len(), Value::default);
        for (at, value) in record.values.iter_mut().enumerate() {
            self.read_value(row, at, value);
        }
    }

    /// Copies one value of a row, unless it is a picture.
    pub fn read_value(&self, row: Row, field: usize, value: &mut Value) {
        let (block, at) = (row.index() / self.block, row.index() % self.block);
        match &self.blocks[block][field] {
            Column::Text(texts) if texts.is_valid(at) => value.set_text(texts.value(at)),
            Column::Number(numbers) if numbers.is_valid(at) => *value = Value::Number(numbers.value(at)),
            Column::Date(dates) if dates.is_valid(at) => *value = Value::Date(dates.value(at)),
            Column::Vector(vectors) if vectors.is_valid(at) => {
                *value = Value::Vector(vectors.value(at).as_primitive::<Float32Type>().values().to_vec());
            }
            _ => *value = Value::Null,
        }
    }

    /// Numbers of each value of a column of vectors; 0 for other columns.
    pub(super) fn width(&self, column: &str) -> usize {
        match self.schema.field_with_name(column).map(ArrowField::data_type) {
            Ok(DataType::FixedSizeList(_, width)) => *width as usize,
            _ => 0,
        }
    }
}

/// The batches of an IPC file, whose arrays lie in the buffer; every place in the file is compared with its length, and
/// the arrays are validated.
fn read(buffer: &Buffer) -> Result<Vec<RecordBatch>, String> {
    let (tail, &end) = buffer.split_last_chunk::<10>().ok_or("a truncated file")?;
    let length = read_footer_length(end).map_err(|error| error.to_string())?;
    let start = tail.len().checked_sub(length).ok_or("a truncated file")?;
    let footer = root_as_footer(&tail[start..]).map_err(|error| error.to_string())?;
    let schema = fb_to_schema(footer.schema().ok_or("no schema")?);
    let decoder = FileDecoder::new(Arc::new(schema), footer.version());
    let blocks = footer.recordBatches().into_iter().flatten().map(|block| {
        let [offset, head, body] =
            [block.offset(), block.metaDataLength().into(), block.bodyLength()].map(|n| usize::try_from(n).ok());
        let length = head.zip(body).and_then(|(head, body)| head.checked_add(body));
        let (offset, length) = offset.zip(length).ok_or("a damaged block")?;
        if offset.checked_add(length).is_none_or(|end| end > buffer.len()) {
            return Err("a damaged block".to_owned());
        }
        let batch = decoder.read_record_batch(block, &buffer.slice_with_length(offset, length));
        batch.map_err(|error| error.to_string())?.ok_or_else(|| "a damaged block".to_owned())
    });
    blocks.collect()
}

impl Column {
    fn of(array: &ArrayRef, field: &Field) -> Option<Self> {
        match (field.kind, array.data_type()) {
            (FieldKind::Text {} | FieldKind::StaticText {} | FieldKind::Category { .. }, DataType::LargeUtf8) => {
                Some(Self::Text(array.as_string::<i64>().clone()))
            }
            (FieldKind::Number { .. }, DataType::Float64) => {
                Some(Self::Number(array.as_primitive::<Float64Type>().clone()))
            }
            (FieldKind::Image(_), DataType::LargeUtf8) => Some(Self::Paths(array.as_string::<i64>().clone())),
            (FieldKind::Image(_), DataType::LargeBinary) => Some(Self::Pictures(array.as_binary::<i64>().clone())),
            (FieldKind::Date {}, DataType::Int64) => Some(Self::Date(array.as_primitive::<Int64Type>().clone())),
            (FieldKind::Vector {}, DataType::FixedSizeList(item, _)) if item.data_type() == &DataType::Float32 => {
                Some(Self::Vector(array.as_fixed_size_list().clone()))
            }
            _ => None,
        }
    }
}
