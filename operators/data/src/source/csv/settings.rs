//! Settings of delimited text: what is not found by looking.

use std::path::{Path, PathBuf};

use encoding_rs::Encoding;
use relata_registry::Settings;
use serde::{Deserialize, Serialize};

use crate::Result;
use crate::source::decoded_file;

/// Delimited text; see [`csv`](super::csv()) and [`tsv`](super::tsv).
///
/// An empty field is null. So are words such as `NA`, `NaN` and `null` in columns of numbers, truth values and dates; in a
/// column of texts they are texts. A column in which a number begins with a superfluous 0 (`007`) is of texts. A first column
/// without a name, which pandas and R write for row numbers and names, is called `row_name`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Csv {
    pub(super) path: PathBuf,
    /// None: found by looking.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) delimiter: Option<char>,
    pub(super) text: Vec<String>,
    #[serde(skip_serializing_if = "is_double_quote")]
    pub(super) quote: char,
    #[serde(skip_serializing_if = "is_true")]
    pub(super) quoting: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) escape: Option<char>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) comment: Option<char>,
    #[serde(skip_serializing_if = "is_true")]
    pub(super) header: bool,
    #[serde(skip_serializing_if = "is_false")]
    pub(super) trim: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) encoding: Option<String>,
    /// None: found by looking where the delimiter is a semicolon.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) decimal_comma: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thousands: Option<char>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) nulls: Vec<String>,
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
            quoting: true,
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
        Self { delimiter: Some(delimiter), ..Self::at(path) }
    }

    /// Text with a header, whose delimiter is found by looking.
    ///
    /// ```
    /// use relata_data::source::{Csv, Dataset};
    ///
    /// assert_eq!(Dataset::new(Csv::at("t.csv")).plan().to_string(), "csv path=t.csv text=[]");
    /// ```
    pub fn at(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_path_buf(), ..Self::default() }
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

    /// Quotes are text: the file does not quote fields.
    ///
    /// ```
    /// use relata_data::source::{Csv, session};
    /// use relata_data::source::Source;
    ///
    /// # tokio::runtime::Runtime::new()?.block_on(async {
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("t.tsv");
    /// std::fs::write(&path, "key\ttitle\n1\t\"def\n2\tghi\n")?;
    /// let rows = Csv::new(&path, '\t').without_quotes().table(&session()).await?;
    /// assert_eq!(rows.count().await?, 2);
    /// # Ok::<_, Box<dyn std::error::Error>>(())
    /// # })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn without_quotes(mut self) -> Self {
        self.quoting = false;
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

    /// The encoding that was named.
    pub(super) fn encoding(&self) -> Result<Option<&'static Encoding>> {
        self.encoding.as_deref().map(decoded_file::encoding).transpose()
    }
}
