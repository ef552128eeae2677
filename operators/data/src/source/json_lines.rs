//! JSON source: objects, one per line or in an array.

use std::io::Read;
use std::path::{Path, PathBuf};

use async_trait::async_trait;
use datafusion::prelude::{DataFrame, JsonReadOptions};
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use super::blocking::off_thread;
use super::dataset::Dataset;
use super::paths::{expand, refuse_empty, urls};
use super::read_error::read_error;
use super::source_trait::Source;
use crate::input_file;
use crate::{DataError, Result, Session, query};

/// Bytes that are looked at to tell an array from lines.
const LOOK: u64 = 4096;
/// Rows that are looked at to tell the types of the columns.
const INFER_ROWS: usize = 20_000;

/// Files of JSON objects, one per line or all in one array: one file, a folder of `.jsonl`, `.ndjson` and `.json` files, or
/// a pattern; or objects of a store, at an address such as `s3://bucket/folder`.
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
            let arrays = arrays(&files)?;
            Ok((files, arrays))
        };
        let (files, arrays) = off_thread(&self.path, look).await?;
        let options = JsonReadOptions {
            file_extension: "",
            schema_infer_max_records: INFER_ROWS,
            newline_delimited: !arrays,
            ..Default::default()
        };
        let table = query::read_json(session, urls(session, &files)?, options).await;
        table.map_err(|error| read_error(&self.path.display().to_string(), error))
    }
}

/// Whether the files hold an array each, not lines; a mark of the byte order is refused, which no parser here passes over.
fn arrays(files: &[PathBuf]) -> Result<bool> {
    let mut arrays = None;
    for file in files {
        let mut start = Vec::new();
        let read = input_file::open(file)?.take(LOOK).read_to_end(&mut start);
        read.map_err(input_file::read_error(file))?;
        let unreadable = |expected: &str, found: &str, hint: &str| DataError::Unreadable {
            path: file.clone(),
            expected: expected.to_owned(),
            found: found.to_owned(),
            hint: hint.to_owned(),
        };
        if start.starts_with(&[0xef, 0xbb, 0xbf])
            || start.starts_with(&[0xff, 0xfe])
            || start.starts_with(&[0xfe, 0xff])
        {
            let hint =
                "Write the file as UTF-8 without a mark, for example with `iconv` or `sed -i '1s/^\\xef\\xbb\\xbf//'`.";
            return Err(unreadable("JSON in UTF-8", "a byte order mark at its start", hint));
        }
        let Some(first) = start.iter().find(|byte| !byte.is_ascii_whitespace()) else { continue };
        let array = *first == b'[';
        if arrays.is_some_and(|before| before != array) {
            let hint = "Read arrays and lines as two datasets, or convert one to the other.";
            let kinds = ["objects, one per line", "an array of objects"];
            let (found, expected) = if array { (kinds[1], kinds[0]) } else { (kinds[0], kinds[1]) };
            return Err(unreadable(&format!("{expected}, as in the files before it"), found, hint));
        }
        arrays = Some(array);
    }
    Ok(arrays.unwrap_or(false))
}

#[cfg(test)]
mod tests {
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
        std::fs::write(&path, "[\n  {\"x\": [1, 2], \"label\": \"a\"},\n  {\"label\": \"b\", \"x\": [3, 4]}\n]")
            .unwrap();
        let table = json_lines(&path).table(&session()).await.unwrap();
        assert_eq!((table.schema().fields().len(), table.count().await.unwrap()), (2, 2));
        std::fs::write(&path, b"\xef\xbb\xbf{\"x\": 1}\n").unwrap();
        let error = json_lines(&path).table(&session()).await.unwrap_err().to_string();
        assert!(error.contains("byte order mark") && error.contains("t.jsonl"), "{error}");
        std::fs::write(&path, "{\"x\": 1}\n{\"x\": oops}\n").unwrap();
        let error = json_lines(&path).table(&session()).await.unwrap_err();
        assert!(matches!(&error, DataError::Unreadable { path: p, .. } if *p == path), "{error}");
    }
}
