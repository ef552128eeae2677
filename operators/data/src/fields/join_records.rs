//! Joined record stores: the rows of one, and after them those of another.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeStringArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::DataType;
use arrow::ipc::writer::FileWriter;

use super::field::Field;
use super::record_store::RecordStore;
use crate::sink::AtomicFile;
use crate::{DataError, Result};

/// Writes a store of the rows of two others, which hold the same fields. Paths of pictures of the second become those that
/// they are for the first.
pub(crate) fn join_records(path: &Path, first: &RecordStore, second: &RecordStore, fields: &[Field]) -> Result<()> {
    let (schema, before) = first.batches();
    let (_, after) = second.batches();
    let block = before.first().map_or(1, RecordBatch::num_rows).max(MOST_OF_SMALL.min(second.rows()));
    let mut writer = FileWriter::try_new(AtomicFile::sealed(path)?, &schema)?;
    let elsewhere = (first.folder() != second.folder()).then(|| second.folder());
    let moved = after.iter().map(|batch| {
        let columns = batch.columns().iter().zip(fields).zip(schema.fields()).map(|((column, field), expected)| {
            if column.data_type() != expected.data_type() {
                let found = format!("{} as {}", field.column, column.data_type());
                return Err(DataError::setting("the new samples", "features", expected.data_type().to_string(), found));
            }
            Ok(match elsewhere.filter(|_| field.is_image() && column.data_type() == &DataType::LargeUtf8) {
                Some(folder) => in_folder(column, folder),
                None => column.clone(),
            })
        });
        Ok::<_, DataError>(RecordBatch::try_new(schema.clone(), columns.collect::<Result<Vec<_>>>()?)?)
    });
    let mut pending: Vec<RecordBatch> = Vec::new();
    for batch in before.iter().cloned().map(Ok).chain(moved) {
        pending.push(batch?);
        let joined = concat_batches(&schema, &pending)?;
        let mut at = 0;
        while joined.num_rows() - at >= block {
            // A slice would be written with the offsets of the whole; a copy has its own.
            writer.write(&concat_batches(&schema, [&joined.slice(at, block)])?)?;
            at += block;
        }
        pending = vec![joined.slice(at, joined.num_rows() - at)];
    }
    let rest = concat_batches(&schema, &pending)?;
    if rest.num_rows() > 0 {
        writer.write(&rest)?;
    }
    writer.finish()?;
    writer.into_inner()?.commit()
}

/// Rows of a block at least, where the first store is smaller than that.
const MOST_OF_SMALL: usize = 256;

/// Paths as they are from elsewhere.
fn in_folder(paths: &ArrayRef, folder: &Path) -> ArrayRef {
    let paths = paths.as_string::<i64>();
    let moved = paths.iter().map(|path| path.map(|path| folder.join(path).to_string_lossy().into_owned()));
    Arc::new(moved.collect::<LargeStringArray>())
}
