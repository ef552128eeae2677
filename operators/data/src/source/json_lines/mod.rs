//! JSON source: objects, one per line or in an array.

mod json_type;
mod records;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use async_trait::async_trait;
use datafusion::prelude::DataFrame;
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use self::json_type::{JsonType, add_object};
use self::records::{Object, records};
use super::block_table::{BlockReader, block_table};
use super::blocking::off_thread;
use super::dataset::Dataset;
use super::paths::{expand, refuse_empty};
use super::source_trait::Source;
use crate::object_store::Identity;
use crate::{DataError, Result, Session, input_file};

/// Rows of a block.
const BLOCK: usize = 2048;

/// Files of JSON objects, one per line or in arrays: one file, a folder of `.jsonl`, `.ndjson` and `.json` files, or
/// a pattern; or objects of a store, at an address such as `s3://bucket/folder`. Files may be compressed (gzip, zstd).
///
/// Columns are matched by their names over all files, and have the type that every one of their values has; texts that are
/// all dates (`2024-02-29`) are dates. A column in which objects or lists stand beside other values is the text of its JSON.
///
/// ```
/// use relata_data::source::{json_lines, session};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("t.jsonl");
/// std::fs::write(&path, "{\"x\": [1, 2.5]}\n{\"x\": [3, 4]}\n").expect("room for a file");
/// let dataset = json_lines(&path).features("x");
/// let rows = dataset.table(&session()).await?;
/// assert_eq!(rows.count().await?, 2);
/// # Ok::<_, relata_data::DataError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn json_lines(path: impl AsRef<Path>) -> Dataset {
    Dataset::new(JsonLines { path: path.as_ref().to_path_buf() })
}

/// Files of JSON lines; see [`json_lines`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct JsonLines {
    path: PathBuf,
}

impl Settings for JsonLines {
    const NAME: &'static str = "json_lines";
    const SUMMARY: &'static str = "files of JSON objects, one per line or in an array";
}

#[async_trait]
impl Source for JsonLines {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        expand(&self.path, &["jsonl", "ndjson", "json"])
    }

    async fn table(&self, session: &Session) -> Result<DataFrame> {
        let source = self.clone();
        let look = move || {
            let files = source.files()?;
            refuse_empty(&source.path, &files)?;
            Rows::of(files)
        };
        block_table(session, off_thread(&self.path, look).await?)
    }
}

/// The rows of all files, in their order.
#[derive(Debug)]
struct Rows {
    /// Each with what it was when its types were told.
    files: Vec<(PathBuf, Identity)>,
    columns: Vec<(String, JsonType)>,
    /// What is decoded, and what becomes of it.
    decoded: SchemaRef,
    schema: SchemaRef,
}

impl Rows {
    /// Looks at all rows of all files.
    fn of(paths: Vec<PathBuf>) -> Result<Self> {
        let mut columns: Vec<(String, JsonType)> = Vec::new();
        let mut files = Vec::new();
        for path in paths {
            let identity = input_file::identity(&path)?;
            let (mut rows, mut first) = (0u64, None);
            records(&path, &mut |_, object| {
                add_object(&mut columns, &object);
                rows += 1;
                first = (rows == 1).then_some(object);
                Ok(true)
            })?;
            if let Some(only) = first {
                refuse_wrapped(&path, &only)?;
            }
            files.push((path, identity));
        }
        for (_, of) in columns.iter_mut().filter(|(_, of)| of.is_mixed()) {
            *of = JsonType::Mixed;
        }
        let fields = |of: fn(&JsonType) -> DataType| -> SchemaRef {
            let fields = columns.iter().map(|(name, kind)| Field::new(name, of(kind), true));
            Arc::new(Schema::new(fields.collect::<Vec<_>>()))
        };
        let (decoded, schema) = (fields(JsonType::decoded_type), fields(kept_type));
        Ok(Self { files, columns, decoded, schema })
    }

    /// Rows as a batch; none are left.
    fn batch(&self, rows: &mut Vec<Object>) -> Result<RecordBatch> {
        for (name, _) in self.columns.iter().filter(|(_, of)| *of == JsonType::Mixed) {
            for value in rows.iter_mut().filter_map(|row| row.get_mut(name)) {
                if !matches!(value, Value::Null | Value::String(_)) {
                    *value = Value::String(value.to_string());
                }
            }
        }
        let decoder = ReaderBuilder::new(self.decoded.clone()).with_batch_size(rows.len().max(1));
        let mut decoder = decoder.with_coerce_primitive(true).build_decoder()?;
        decoder.serialize(rows)?;
        rows.clear();
        let batch = decoder.flush()?.unwrap_or_else(|| RecordBatch::new_empty(self.decoded.clone()));
        let columns =
            batch.columns().iter().zip(self.schema.fields()).map(|(column, field)| cast(column, field.data_type()));
        Ok(RecordBatch::try_new(self.schema.clone(), columns.collect::<Result<_, _>>()?)?)
    }
}

impl BlockReader for Rows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn read(&self, emit: &mut dyn FnMut(RecordBatch) -> bool) -> Result<()> {
        let mut rows = Vec::with_capacity(BLOCK);
        for (path, identity) in &self.files {
            let whole = records(path, &mut |_, object| {
                rows.push(object);
                Ok(rows.len() < BLOCK || emit(self.batch(&mut rows)?))
            })?;
            if !whole {
                return Ok(());
            }
            input_file::refuse_change(path, *identity)?;
        }
        if !rows.is_empty() {
            emit(self.batch(&mut rows)?);
        }
        Ok(())
    }
}

/// The type of a column.
fn kept_type(of: &JsonType) -> DataType {
    match of {
        JsonType::Time(time) => time.clone(),
        other => other.decoded_type(),
    }
}

/// Refuses a file that is one object around the rows.
fn refuse_wrapped(path: &Path, only: &Object) -> Result<()> {
    let rows = only.iter().find_map(|(key, value)| {
        let items = value.as_array().filter(|items| items.len() > 1)?;
        items.iter().all(|item| item.is_object() || item.is_array()).then_some((key, items.len()))
    });
    match rows {
        None => Ok(()),
        Some((key, many)) => Err(DataError::Unreadable {
            path: path.to_path_buf(),
            expected: "objects, one for each row".to_owned(),
            found: format!("one object, whose key `{key}` holds {many} objects or lists"),
            hint: format!(
                "Write the rows alone, for example by `jq '.{key}[]'`; pandas has `to_json(orient=\"records\")`."
            ),
        }),
    }
}
