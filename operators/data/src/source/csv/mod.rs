//! CSV and TSV source: delimited text as spreadsheets, databases and other programs write it.

mod block;
mod column_type;
mod decoded_file;
mod dialect;
mod layout;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::prelude::DataFrame;
use encoding_rs::Encoding;
use relata_registry::{Description, Settings};
use serde::{Deserialize, Serialize};

use self::block::Block;
use self::layout::Layout;
use super::block_table::{BlockReader, block_table};
use super::dataset::Dataset;
use super::paths::{expand, refuse_empty};
use super::source_trait::Source;
use crate::{DataError, Result, Session};

/// Rows of a block.
const BLOCK: usize = 8192;

/// Delimited files with a header: one file, a folder of `.csv` files, or a pattern such as `part-*.csv`. Files may be
/// compressed (gzip, zstd), in UTF-8 or UTF-16, and have commas, semicolons, tabs or bars; columns are matched by their names
/// over all files, and have the type that every one of their values has. For other dialects there is [`Csv`].
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
    Dataset::new(Csv { path: path.as_ref().to_path_buf(), ..Csv::default() })
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
///
/// An empty field is null. So are words such as `NA`, `NaN` and `null` in columns of numbers, truth values and dates; in a
/// column of texts they are texts. A column in which a number begins with a superfluous 0 (`007`) is of texts. A first column
/// without a name, which pandas and R write for row numbers, is passed over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Csv {
    path: PathBuf,
    /// None: found by looking.
    #[serde(skip_serializing_if = "Option::is_none")]
    delimiter: Option<char>,
    text: Vec<String>,
    #[serde(skip_serializing_if = "is_double_quote")]
    quote: char,
    #[serde(skip_serializing_if = "Option::is_none")]
    escape: Option<char>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<char>,
    #[serde(skip_serializing_if = "is_true")]
    header: bool,
    #[serde(skip_serializing_if = "is_false")]
    trim: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<String>,
    /// None: found by looking where the delimiter is a semicolon.
    #[serde(skip_serializing_if = "Option::is_none")]
    decimal_comma: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thousands: Option<char>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    nulls: Vec<String>,
}

fn is_double_quote(quote: &char) -> bool {
    *quote == '"'
}

fn is_true(value: &bool) -> bool {
    *value
}

fn is_false(value: &bool) -> bool {
    !*value
}

impl Default for Csv {
    fn default() -> Self {
        Self {
            path: PathBuf::new(),
            delimiter: None,
            text: Vec::new(),
            quote: '"',
            escape: None,
            comment: None,
            header: true,
            trim: false,
            encoding: None,
            decimal_comma: None,
            thousands: None,
            nulls: Vec::new(),
        }
    }
}

impl Settings for Csv {
    const NAME: &'static str = "csv";
    const SUMMARY: &'static str = "delimited text";
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
        Self { path: path.as_ref().to_path_buf(), delimiter: Some(delimiter), ..Self::default() }
    }

    /// Columns that are read as text even if they look like numbers.
    ///
    /// ```
    /// use relata_data::source::{Csv, Dataset};
    ///
    /// let dataset = Dataset::new(Csv::new("t.csv", ',').with_text(["phone"]));
    /// assert_eq!(dataset.plan().to_string(), "csv delimiter=, path=t.csv text=[phone]");
    /// ```
    pub fn with_text<C: Into<String>>(mut self, columns: impl IntoIterator<Item = C>) -> Self {
        self.text = columns.into_iter().map(Into::into).collect();
        self
    }

    /// The character around fields with delimiters in them, instead of `"`, and the one before such a character within a
    /// field, where it is not doubled.
    ///
    /// ```
    /// use relata_data::source::{Csv, session};
    /// use relata_data::source::Source;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("t.csv");
    /// std::fs::write(&path, r"name,n
    /// 'O\'Hara, Scarlett',1")?;
    /// let rows = Csv::new(&path, ',').with_quotes('\'', Some('\\')).table(&session()).await?;
    /// assert_eq!(rows.count().await?, 1);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_quotes(mut self, quote: char, escape: Option<char>) -> Self {
        (self.quote, self.escape) = (quote, escape);
        self
    }

    /// The character that begins lines to pass over.
    ///
    /// ```
    /// use relata_data::source::{Csv, Dataset};
    ///
    /// let dataset = Dataset::new(Csv::new("t.csv", ',').with_comments('#'));
    /// assert_eq!(dataset.plan().to_string(), "csv comment=# delimiter=, path=t.csv text=[]");
    /// ```
    pub fn with_comments(mut self, start: char) -> Self {
        self.comment = Some(start);
        self
    }

    /// The first line is a row: columns are called `column_1`, `column_2` and so on.
    ///
    /// ```
    /// use relata_data::source::{Csv, Dataset};
    ///
    /// let dataset = Dataset::new(Csv::new("t.csv", ',').without_header()).features("column_2");
    /// assert_eq!(dataset.plan().to_string(), "csv delimiter=, header=false path=t.csv text=[] features=[column_2]");
    /// ```
    pub fn without_header(mut self) -> Self {
        self.header = false;
        self
    }

    /// Blanks around fields are left out, also those before a quote.
    ///
    /// ```
    /// use relata_data::source::{Csv, Dataset};
    ///
    /// let dataset = Dataset::new(Csv::new("t.csv", ',').trimmed());
    /// assert_eq!(dataset.plan().to_string(), "csv delimiter=, path=t.csv text=[] trim=true");
    /// ```
    pub fn trimmed(mut self) -> Self {
        self.trim = true;
        self
    }

    /// The encoding of files without a byte order mark, instead of UTF-8: `latin-1`, `windows-1252`, `utf-16le` or any other
    /// name that the web knows.
    ///
    /// ```
    /// use relata_data::source::{Csv, Source, session};
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("t.csv");
    /// std::fs::write(&path, b"name\nJos\xe9\n")?;
    /// assert!(Csv::new(&path, ',').table(&session()).await.unwrap_err().to_string().contains("encoding"));
    /// let table = Csv::new(&path, ',').with_encoding("latin-1").table(&session()).await?;
    /// assert_eq!(table.count().await?, 1);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_encoding(mut self, name: impl Into<String>) -> Self {
        self.encoding = Some(name.into());
        self
    }

    /// The decimal point of numbers is a comma. Without this, it is found by looking where the delimiter is a semicolon.
    ///
    /// ```
    /// use relata_data::source::{Csv, Dataset};
    ///
    /// let dataset = Dataset::new(Csv::new("t.tsv", '\t').with_decimal_comma().with_thousands('.'));
    /// assert!(dataset.plan().to_string().contains("decimal_comma=true"));
    /// ```
    pub fn with_decimal_comma(mut self) -> Self {
        self.decimal_comma = Some(true);
        self
    }

    /// What stands between thousands: `1,234,567`.
    ///
    /// ```
    /// use relata_data::source::{Csv, Dataset};
    ///
    /// let dataset = Dataset::new(Csv::new("t.csv", ';').with_thousands(','));
    /// assert!(dataset.plan().to_string().contains("thousands=,"));
    /// ```
    pub fn with_thousands(mut self, separator: char) -> Self {
        self.thousands = Some(separator);
        self
    }

    /// Further words that are nulls, in columns of every type.
    ///
    /// ```
    /// use relata_data::source::{Csv, Dataset};
    ///
    /// let dataset = Dataset::new(Csv::new("t.csv", ',').with_nulls(["?", "unknown"]));
    /// assert!(dataset.plan().to_string().contains("nulls=[?, unknown]"));
    /// ```
    pub fn with_nulls<W: Into<String>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.nulls = words.into_iter().map(Into::into).collect();
        self
    }

    fn encoding(&self) -> Result<Option<&'static Encoding>> {
        self.encoding.as_deref().map(decoded_file::encoding).transpose()
    }
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
        let files = self.files()?;
        refuse_empty(&self.path, &files)?;
        let csv = self.clone();
        let rows = tokio::task::spawn_blocking(move || -> Result<Rows> {
            Ok(Rows { layout: Layout::of(&csv, &files)?, csv })
        });
        let rows = rows.await.map_err(|error| DataError::io(&self.path)(std::io::Error::other(error)))?;
        block_table(session, rows?)
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
            let mut block = Block::new(self, file);
            let done = file.records(&self.csv, &mut |_, record| {
                block.push(record)?;
                Ok(block.rows < BLOCK || emit(block.take()?))
            })?;
            if !done || block.rows > 0 && !emit(block.take()?) {
                return Ok(());
            }
        }
        Ok(())
    }
}
