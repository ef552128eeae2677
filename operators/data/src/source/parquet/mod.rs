//! Parquet source.

mod file_groups;
mod path_columns;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use datafusion::prelude::DataFrame;
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

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
        file_groups::read(session, &self.path, &self.files()?).await
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{AsArray, Int64Array, RecordBatch};
    use arrow::datatypes::{DataType, Field, Int64Type, Schema};
    use futures::TryStreamExt;

    use crate::sink::ParquetSink;
    use crate::source::{in_file_order, session};

    use super::*;
    use crate::DataError;

    fn write(path: &Path, values: Vec<i64>) {
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
