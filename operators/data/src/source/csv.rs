//! Comma- and tab-separated text with a header line.

use relata_registry::Description;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use async_trait::async_trait;
use datafusion::prelude::{CsvReadOptions, DataFrame};

use super::paths::{expand, refuse_empty, urls};
use super::{Dataset, Source, read_error};
use crate::{Result, Session, query};

/// Rows that are looked at to tell the types of the columns.
const INFER_ROWS: usize = 20_000;

/// Comma-separated files with a header: one file, a folder of `.csv` files, or a pattern such as `part-*.csv`.
pub fn csv(path: impl AsRef<Path>) -> Dataset {
    Dataset::new(Csv::new(path.as_ref(), b','))
}

/// Tab-separated files with a header: one file, a folder of `.tsv` files, or a pattern.
pub fn tsv(path: impl AsRef<Path>) -> Dataset {
    Dataset::new(Csv::new(path.as_ref(), b'\t'))
}

/// Delimited text; see [`csv`].
pub struct Csv {
    path: PathBuf,
    delimiter: u8,
    text: &'static [&'static str],
}

impl Csv {
    /// Text with a header and this delimiter.
    pub fn new(path: &Path, delimiter: u8) -> Self {
        Self { path: path.to_path_buf(), delimiter, text: &[] }
    }

    /// Columns that are read as text even if they look like numbers, so that `007` stays `007`.
    pub fn with_text(mut self, columns: &'static [&'static str]) -> Self {
        self.text = columns;
        self
    }
}

#[async_trait]
impl Source for Csv {
    fn describe(&self) -> Description {
        Description::new(if self.delimiter == b'\t' { "tsv" } else { "csv" }).with("path", &self.path)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        expand(&self.path, if self.delimiter == b'\t' { &["tsv"] } else { &["csv"] })
    }

    async fn table(&self, session: &Session) -> Result<DataFrame> {
        let files = self.files()?;
        refuse_empty(&self.path, &files)?;
        let urls = urls(&files)?;
        let name = self.path.display().to_string();
        let options = CsvReadOptions::new()
            .delimiter(self.delimiter)
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
        let fields = table.schema().fields().iter().map(|field| match self.text.contains(&field.name().as_str()) {
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

    use crate::OperatorError;
    use crate::source::session;

    use super::*;

    #[tokio::test]
    async fn types_are_inferred_but_for_text_columns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("odd [name].tsv");
        std::fs::write(&path, "src\tn\n007\t1\n8\t2\n").unwrap();
        let source = Csv::new(&path, b'\t').with_text(&["src"]);
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
        assert!(matches!(&error, OperatorError::Unreadable { path: p, .. } if *p == path), "{error}");
        std::fs::write(&path, "").unwrap();
        let error = csv(&path).table(&session()).await.unwrap_err();
        assert!(matches!(error, OperatorError::Empty { .. }), "{error}");
    }
}
