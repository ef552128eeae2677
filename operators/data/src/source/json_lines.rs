//! JSON-lines source: one object per line.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use datafusion::prelude::{DataFrame, JsonReadOptions};
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use super::dataset::Dataset;
use super::paths::{expand, refuse_empty, urls};
use super::read_error::read_error;
use super::source_trait::Source;
use crate::{Result, Session, query};

/// Rows that are looked at to tell the types of the columns.
const INFER_ROWS: usize = 20_000;

/// Files of one JSON object per line: one file, a folder of `.jsonl`, `.ndjson` and `.json` files, or a pattern.
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
    const SUMMARY: &'static str = "files of one JSON object per line";
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
        let files = self.files()?;
        refuse_empty(&self.path, &files)?;
        let options =
            JsonReadOptions { file_extension: "", schema_infer_max_records: INFER_ROWS, ..Default::default() };
        let table = query::read_json(session, urls(&files)?, options).await;
        table.map_err(|error| read_error(&self.path.display().to_string(), error))
    }
}

#[cfg(test)]
mod tests {
    use crate::DataError;
    use crate::source::session;

    use super::*;

    #[tokio::test]
    async fn objects_become_rows_and_other_text_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.jsonl");
        std::fs::write(&path, "{\"x\": [1, 2.5], \"label\": \"a\"}\n{\"x\": [3, 4], \"label\": \"b\"}\n").unwrap();
        let table = json_lines(&path).table(&session()).await.unwrap();
        assert_eq!(table.schema().fields().len(), 2);
        assert_eq!(table.count().await.unwrap(), 2);
        std::fs::write(&path, "{\"x\": 1}\n{\"x\": oops}\n").unwrap();
        let error = json_lines(&path).table(&session()).await.unwrap_err();
        assert!(matches!(&error, DataError::Unreadable { path: p, .. } if *p == path), "{error}");
    }
}
