//! CSV and TSV source: delimited text as spreadsheets, databases and other programs write it.

mod block;
mod column_type;
mod dialect;
mod layout;
mod quote_check;
mod settings;
mod skip_blanks;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::prelude::DataFrame;
use relata_registry::Description;

use self::block::Block;
pub(super) use self::column_type::moment_type;
use self::layout::Layout;
pub use self::settings::Csv;
use super::block_table::{BlockReader, block_table};
use super::blocking::off_thread;
use super::dataset::Dataset;
use super::paths::{expand, refuse_empty};
use super::source_trait::Source;
use crate::{DataError, Result, Session};

/// Rows of a block, and the bytes of text from which on it is full with fewer.
const BLOCK: usize = 8192;
const BLOCK_BYTES: usize = 32 << 20;

/// Delimited files with a header: one file, a folder of `.csv` files, or a pattern such as `part-*.csv`. Files may be
/// compressed (gzip, zstd), in UTF-8 or UTF-16, and have commas, semicolons, tabs or bars; columns are matched by their names
/// over all files, and have the type that every one of their values has. For other dialects there is [`Csv`].
///
/// The path may be the address of objects in a store: `s3://bucket/part-*.csv`, `gs://..`, `az://..`, `https://..`. They
/// are read as streams, twice: first to tell the types of the columns.
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
    Dataset::new(Csv::at(path))
}

/// Tab-separated files with a header: one file, a folder of `.tsv` files, a pattern, or the address of objects in a store.
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

#[async_trait]
impl Source for Csv {
    fn describe(&self) -> Description {
        Description::of(self)
    }

    fn files(&self) -> Result<Vec<PathBuf>> {
        expand(&self.path, if self.delimiter == Some('\t') { &["tsv"] } else { &["csv"] })
    }

    async fn table(&self, session: &Session) -> Result<DataFrame> {
        block_table(session, self.rows().await?)
    }
}

impl Csv {
    /// The table, in which columns are text that are chosen when all columns are known.
    pub async fn table_with_text<E: From<DataError>>(
        &self,
        session: &Session,
        text: impl FnOnce(&Schema) -> Result<Vec<String>, E>,
    ) -> Result<DataFrame, E> {
        let mut rows = self.rows().await?;
        let text = text(&rows.layout.schema)?;
        rows.layout.make_text(&text);
        Ok(block_table(session, rows)?)
    }

    /// Looks at all files, on a thread of its own.
    async fn rows(&self) -> Result<Rows> {
        let csv = self.clone();
        let look = move || {
            let files = csv.files()?;
            refuse_empty(&csv.path, &files)?;
            let mut layout = Layout::of(&csv, &files)?;
            layout.make_text(&csv.text);
            Ok(Rows { layout, csv })
        };
        off_thread(&self.path, look).await
    }
}

/// The rows of all files, in their order.
#[derive(Debug)]
struct Rows {
    csv: Csv,
    layout: Layout,
}

impl BlockReader for Rows {
    fn schema(&self) -> &SchemaRef {
        &self.layout.schema
    }

    fn read(&self, emit: &mut dyn FnMut(RecordBatch) -> bool) -> Result<()> {
        for file in &self.layout.files {
            let mut block = Block::new(&self.csv, &self.layout, file);
            let done = file.records(&self.csv, &mut |_, record| {
                block.push(record)?;
                Ok(block.rows < BLOCK && block.bytes < BLOCK_BYTES || emit(block.take()?))
            })?;
            if !done || block.rows > 0 && !emit(block.take()?) {
                return Ok(());
            }
        }
        Ok(())
    }
}
