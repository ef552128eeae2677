//! Parquet source.

mod file_groups;
mod path_columns;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use datafusion::prelude::DataFrame;
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use super::blocking::off_thread;
use super::dataset::Dataset;
use super::paths::expand;
use super::source_trait::Source;
use crate::{Result, Session};

/// Parquet files: one file, a folder of `.parquet` files, or a pattern such as `part-*.parquet`.
///
/// Columns of several files are found by their names; one that a file lacks is null there, and integers in one file and
/// decimals in the next become decimals. Folders `label=cat` (Hive) become the column `label`; files `train-..` beside
/// `test-..` or `validation-..` (Hugging Face), or in folders of these names, the column `split`.
///
/// The path may be the address of objects in a store: `s3://bucket/folder`, `gs://..`, `az://..`, `https://..`. Only what
/// a query needs of them is read.
///
/// ```
/// use relata_data::source::parquet;
///
/// let dataset = parquet("embeddings/*.parquet").features("embedding").id("key");
/// assert_eq!(dataset.name(), "embeddings/*.parquet");
/// ```
pub fn parquet(path: impl AsRef<Path>) -> Dataset {
    Dataset::new(Parquet { path: path.as_ref().to_path_buf() })
}

/// Parquet files; see [`parquet()`].
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Parquet {
    path: PathBuf,
}

impl Settings for Parquet {
    const NAME: &'static str = "parquet";
    const SUMMARY: &'static str = "Parquet files";
}

#[async_trait]
impl Source for Parquet {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        expand(&self.path, &["parquet", "pq"])
    }

    async fn table(&self, session: &Session) -> Result<DataFrame> {
        let source = self.clone();
        let files = off_thread(&self.path, move || source.files()).await?;
        file_groups::read(session, &self.path, files).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, LargeStringArray, RecordBatch, StringArray,
    };
    use arrow::compute::concat_batches;
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};
    use arrow::util::display::array_value_to_string;
    use futures::{StreamExt, TryStreamExt};

    use crate::sink::ParquetSink;
    use crate::source::{in_file_order, session};

    use super::*;
    use crate::DataError;

    fn write(path: &Path, values: Vec<i64>) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let schema = Arc::new(Schema::new(vec![Field::new("x", DataType::Int64, false)]));
        let mut sink = ParquetSink::create(path, schema.clone()).unwrap();
        sink.write(&RecordBatch::try_new(schema, vec![Arc::new(Int64Array::from(values))]).unwrap()).unwrap();
        sink.finish().unwrap();
    }

    #[tokio::test]
    async fn files_of_a_folder_come_in_name_order() {
        let folder = tempfile::tempdir().unwrap();
        for part in [3, 0, 2, 1, 4] {
            write(&folder.path().join(format!("part-{part}.parquet")), vec![2 * part, 2 * part + 1]);
        }
        for path in [folder.path().to_path_buf(), folder.path().join("part-?.parquet")] {
            for limit in [10, 5] {
                let table = parquet(&path).limit(limit).table(&in_file_order(&session())).await.unwrap();
                let batches: Vec<_> = table.execute_stream().await.unwrap().try_collect().await.unwrap();
                let rows: Vec<i64> =
                    batches.iter().flat_map(|b| b["x"].as_primitive::<Int64Type>().values().to_vec()).collect();
                assert_eq!(rows, (0..limit as i64).collect::<Vec<_>>());
            }
        }
    }

    fn write_columns(path: &Path, columns: Vec<(&str, ArrayRef)>, metadata: &str) {
        let batch = RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
        let metadata = [("written by".to_owned(), metadata.to_owned())].into();
        let schema = Arc::new(batch.schema().as_ref().clone().with_metadata(metadata));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut sink = ParquetSink::create(path, schema.clone()).unwrap();
        sink.write(&batch.with_schema(schema).unwrap()).unwrap();
        sink.finish().unwrap();
    }

    /// All rows as text, column by column.
    async fn read(path: &Path) -> Vec<(String, Vec<String>)> {
        let table = parquet(path).table(&in_file_order(&session())).await.unwrap();
        let schema = Arc::new(table.schema().as_arrow().clone());
        let parts = crate::query::stream_partitions(table).await.unwrap();
        let batches: Vec<_> = futures::stream::iter(parts).flatten().try_collect().await.unwrap();
        let whole = concat_batches(&schema, &batches).unwrap();
        let column = |(field, array): (&Arc<Field>, &ArrayRef)| {
            let text = |row| array_value_to_string(array, row).unwrap();
            (field.name().clone(), (0..array.len()).map(text).collect())
        };
        schema.fields().iter().zip(whole.columns()).map(column).collect()
    }

    fn named(found: &[(String, Vec<String>)], column: &str) -> Vec<String> {
        found.iter().find(|(name, _)| name == column).unwrap_or_else(|| panic!("{found:?}")).1.clone()
    }

    #[tokio::test]
    async fn files_of_several_shapes_are_one_table_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let integers: ArrayRef = Arc::new(Int64Array::from(vec![1, 2]));
        let texts: ArrayRef = Arc::new(StringArray::from(vec!["a", "b"]));
        let wide: ArrayRef = Arc::new(LargeStringArray::from(vec!["c", "d"]));
        let halves: ArrayRef = Arc::new(Float64Array::from(vec![0.5, 1.5]));
        write_columns(&at("0.parquet"), vec![("x", integers.clone()), ("t", texts)], "one");
        write_columns(&at("1.parquet"), vec![("t", wide), ("x", halves), ("more", integers)], "another");
        let found = read(folder.path()).await;
        assert_eq!(named(&found, "x"), ["1.0", "2.0", "0.5", "1.5"]);
        assert_eq!(
            (named(&found, "t"), named(&found, "more")),
            (["a", "b", "c", "d"].map(String::from).to_vec(), ["", "", "1", "2"].map(String::from).to_vec())
        );
        let flags: ArrayRef = Arc::new(BooleanArray::from(vec![true]));
        write_columns(&at("2.parquet"), vec![("x", flags)], "");
        let error = parquet(folder.path()).table(&session()).await.unwrap_err().to_string();
        assert!(error.contains("2.parquet") && error.contains("`x`") && error.contains("Float64"), "{error}");
    }

    #[tokio::test]
    async fn files_that_differ_in_metadata_only_are_read_as_one() {
        let folder = tempfile::tempdir().unwrap();
        for part in 0..3 {
            let column: ArrayRef = Arc::new(Int64Array::from(vec![part]));
            write_columns(&folder.path().join(format!("{part}.parquet")), vec![("x", column)], &part.to_string());
        }
        assert_eq!(read(folder.path()).await[0].1, ["0", "1", "2"]);
    }

    #[tokio::test]
    async fn partitions_and_splits_become_columns() {
        let folder = tempfile::tempdir().unwrap();
        for (part, name) in [(0, "label=cat/a.parquet"), (1, "label=dog/a.parquet")] {
            write(&folder.path().join("hive").join(name), vec![part]);
        }
        let found = read(&folder.path().join("hive")).await;
        assert_eq!(
            (named(&found, "x"), named(&found, "label")),
            (vec!["0".into(), "1".into()], vec!["cat".into(), "dog".into()])
        );
        for (part, name) in
            [(0, "train-00000-of-00002.parquet"), (1, "train-00001-of-00002.parquet"), (2, "test-0.parquet")]
        {
            write(&folder.path().join("hub").join(name), vec![part]);
        }
        let found = read(&folder.path().join("hub")).await;
        assert_eq!(
            (named(&found, "x").join(" "), named(&found, "split").join(" ")),
            ("2 0 1".into(), "test train train".into())
        );
    }

    #[tokio::test]
    async fn a_truncated_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        write(&folder.path().join("a.parquet"), vec![1]);
        let path = folder.path().join("b.parquet");
        write(&path, vec![1, 2, 3]);
        let bytes = std::fs::read(&path).unwrap();
        for cut in [0, 5, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let error = parquet(folder.path()).table(&session()).await.unwrap_err();
            assert!(matches!(&error, DataError::Unreadable { path: p, .. } if *p == path), "{error}");
        }
        let mut footer = bytes.clone();
        let at = footer.len() - 12;
        footer[at..at + 4].copy_from_slice(&[0xff; 4]);
        std::fs::write(&path, footer).unwrap();
        let error = parquet(&path).table(&session()).await.unwrap_err();
        assert!(matches!(&error, DataError::Unreadable { path: p, .. } if *p == path), "{error}");
    }
}
