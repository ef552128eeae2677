//! CSV and TSV source: delimited text with a header line.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use async_trait::async_trait;
use datafusion::prelude::{CsvReadOptions, DataFrame};
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use super::dataset::Dataset;
use super::paths::{expand, refuse_empty, urls};
use super::read_error::read_error;
use super::source_trait::Source;
use crate::{DataError, Result, Session, query};

/// Rows that are looked at to tell the types of the columns.
const INFER_ROWS: usize = 20_000;

/// Comma-separated files with a header: one file, a folder of `.csv` files, or a pattern such as `part-*.csv`.
///
/// ```
/// use relata_data::source::{csv, session};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("t.csv");
/// std::fs::write(&path, "key,a,b\nx,1,2\ny,3,4\n").expect("room for a file");
/// let dataset = csv(&path).id("key").feature_columns(["a", "b"]);
/// let rows = dataset.table(&session()).await?;
/// assert_eq!(rows.count().await?, 2);
/// # Ok::<_, relata_data::DataError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn csv(path: impl AsRef<Path>) -> Dataset {
    Dataset::new(Csv::new(path, ','))
}

/// Tab-separated files with a header: one file, a folder of `.tsv` files, or a pattern.
///
/// ```
/// use relata_data::source::{session, tsv};
///
/// # tokio::runtime::Runtime::new()?.block_on(async {
/// let folder = tempfile::tempdir().expect("a folder");
/// let path = folder.path().join("t.tsv");
/// std::fs::write(&path, "a\tb\n1\t2\n").expect("room for a file");
/// let dataset = tsv(&path);
/// let rows = dataset.table(&session()).await?;
/// assert_eq!(rows.count().await?, 1);
/// # Ok::<_, relata_data::DataError>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn tsv(path: impl AsRef<Path>) -> Dataset {
    Dataset::new(Csv::new(path, '\t'))
}

/// Delimited text; see [`csv`] and [`tsv`].
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Csv {
    path: PathBuf,
    delimiter: char,
    text: Vec<String>,
}

impl Default for Csv {
    fn default() -> Self {
        Self { path: PathBuf::new(), delimiter: ',', text: Vec::new() }
    }
}

impl Settings for Csv {
    const NAME: &'static str = "csv";
    const SUMMARY: &'static str = "delimited text with a header";
}

impl Csv {
    /// Text with a header and this delimiter, an ASCII character.
    ///
    /// ```
    /// use relata_data::source::{Csv, Dataset};
    ///
    /// let dataset = Dataset::new(Csv::new("t.txt", '|'));
    /// assert_eq!(dataset.plan().to_string(), "csv delimiter=| path=t.txt text=[]");
    /// ```
    pub fn new(path: impl AsRef<Path>, delimiter: char) -> Self {
        Self { path: path.as_ref().to_path_buf(), delimiter, text: Vec::new() }
    }

    /// Columns that are read as text even if they look like numbers, so that `007` stays `007`.
    ///
    /// ```
    /// use relata_data::source::{Csv, Dataset};
    ///
    /// // Postal codes keep their zeros.
    /// let dataset = Dataset::new(Csv::new("t.csv", ',').with_text(["postcode"]));
    /// assert_eq!(dataset.plan().to_string(), "csv delimiter=, path=t.csv text=[postcode]");
    /// ```
    pub fn with_text<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.text = columns.into_iter().map(Into::into).collect();
        self
    }

    fn delimiter(&self) -> Result<u8> {
        let ascii = u8::try_from(self.delimiter).ok().filter(u8::is_ascii);
        ascii.ok_or_else(|| DataError::setting("csv", "delimiter", "an ASCII character", self.delimiter))
    }
}

#[async_trait]
impl Source for Csv {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        expand(&self.path, if self.delimiter == '\t' { &["tsv"] } else { &["csv"] })
    }

    async fn table(&self, session: &Session) -> Result<DataFrame> {
        let files = self.files()?;
        refuse_empty(&self.path, &files)?;
        let urls = urls(&files)?;
        let name = self.path.display().to_string();
        let options = CsvReadOptions::new()
            .delimiter(self.delimiter()?)
            .file_extension("")
            .newlines_in_values(true)
            .schema_infer_max_records(INFER_ROWS);
        let table = query::read_csv(session, urls.clone(), options.clone());
        let table = table.await.map_err(|e| read_error(&name, e))?;
        if self.text.is_empty() {
            return Ok(table);
        }
        let schema = self.with_text_columns(table);
        query::read_csv(session, urls, options.schema(&schema)).await.map_err(|e| read_error(&name, e))
    }
}

impl Csv {
    /// The schema of a table, but for the columns that are text whatever they look like.
    fn with_text_columns(&self, table: DataFrame) -> Schema {
        let fields = table.schema().fields().iter().map(|field| match self.text.contains(field.name()) {
            true => Arc::new(Field::new(field.name(), DataType::Utf8, true)),
            false => field.clone(),
        });
        Schema::new(fields.collect::<Vec<_>>())
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;

    use super::super::session::session;

    use super::*;

    #[tokio::test]
    async fn types_are_inferred_but_for_text_columns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odd [name].tsv");
        std::fs::write(&path, "src\tn\n007\t1\n8\t2\n").unwrap();
        let source = Csv::new(&path, '\t').with_text(["src"]);
        let batches = source.table(&session()).await.unwrap().collect().await.unwrap();
        assert_eq!(batches[0]["src"].as_string::<i32>().value(0), "007");
        assert_eq!(batches[0]["n"].as_primitive::<Int64Type>().values(), &[1, 2]);
    }

    #[tokio::test]
    async fn broken_and_empty_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, "a,b\n1,2\n1,2,3\n").unwrap();
        let error = csv(&path).table(&session()).await.unwrap_err();
        assert!(matches!(&error, DataError::Unreadable { path: p, .. } if *p == path), "{error}");
        std::fs::write(&path, "").unwrap();
        let error = csv(&path).table(&session()).await.unwrap_err();
        assert!(matches!(error, DataError::Empty { .. }), "{error}");
    }
}
