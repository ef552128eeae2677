//! Field: a column and how it becomes a feature.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::image_settings::ImageSettings;
use super::static_model::ModelFiles;

/// Values of a category that have a number of their own.
const VALUES: usize = 256;

/// A column and how it becomes a feature: [`text`], [`number`], [`category`], [`date`], [`vector`] or
/// [`image`](super::image()).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The column.
    pub column: String,
    /// How it is read.
    pub kind: FieldKind,
    /// The files of a table of static embeddings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelFiles>,
    /// The folder that paths of pictures are relative to, unless it is that of the table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<PathBuf>,
}

/// How a column is read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FieldKind {
    /// Hashed n-grams of characters and words.
    Text {},
    /// The mean of the static embeddings of a text's tokens.
    StaticText {},
    /// Standardised by the training rows.
    Number {
        /// By median and quartiles instead of mean and standard deviation.
        robust: bool,
        /// Also as a text of digits.
        digits: bool,
    },
    /// One number a value.
    Category {
        /// So many values, the most frequent; all others share 16 numbers by their hash.
        values: usize,
    },
    /// Age and place in the year, the week and the day.
    Date {},
    /// The numbers of a list as they are.
    Vector {},
    /// Pixels of a picture.
    Image(ImageSettings),
}

/// A column read as text: n-grams of the characters of each word, and the words, hashed into buckets that each have an
/// embedding (fastText: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information"), weighted by how
/// rare they are. Case, accents and punctuation do not count.
///
/// ```
/// use relata_data::fields::text;
///
/// assert_eq!(text("name").to_string(), "text(name)");
/// ```
pub fn text(column: impl Into<String>) -> Field {
    Field::new(column, FieldKind::Text {})
}

/// A column read as a number: standardised by mean and standard deviation of the training rows. Where a value is
/// missing, the mean takes its place, and a second number says so. Booleans are 0 and 1.
///
/// ```
/// use relata_data::fields::number;
///
/// assert_eq!(number("income").robust().to_string(), "number(income, robust)");
/// ```
pub fn number(column: impl Into<String>) -> Field {
    Field::new(column, FieldKind::Number { robust: false, digits: false })
}

/// A column read as one of a set of values, each with a number of its own, up to 256 (see [`Field::at_most`]); rarer
/// values are hashed. A missing value is a value.
///
/// ```
/// use relata_data::fields::category;
///
/// assert_eq!(category("city").at_most(50).to_string(), "category(city, 50 values)");
/// ```
pub fn category(column: impl Into<String>) -> Field {
    Field::new(column, FieldKind::Category { values: VALUES })
}

/// A column read as a date or a time: its age, standardised by the training rows, and its place in the year, the week
/// and the day as points on a circle. Text is read as ISO 8601.
///
/// ```
/// use relata_data::fields::date;
///
/// assert_eq!(date("born").to_string(), "date(born)");
/// ```
pub fn date(column: impl Into<String>) -> Field {
    Field::new(column, FieldKind::Date {})
}

/// A column of lists of numbers, all of one length, taken as they are.
///
/// ```
/// use relata_data::fields::vector;
///
/// assert_eq!(vector("embedding").to_string(), "vector(embedding)");
/// ```
pub fn vector(column: impl Into<String>) -> Field {
    Field::new(column, FieldKind::Vector {})
}

impl Field {
    pub(super) fn new(column: impl Into<String>, kind: FieldKind) -> Self {
        Self { column: column.into(), kind, model: None, folder: None }
    }

    /// A text that is read by a table of static embeddings instead of n-grams: the direction of the mean of its tokens'
    /// vectors. The table is a safetensors file, the tokenizer the JSON of Hugging Face's `tokenizers`, as model2vec and
    /// WordLlama have them.
    ///
    /// ```
    /// use relata_data::fields::text;
    ///
    /// let title = text("title").model("model.safetensors", "tokenizer.json");
    /// assert_eq!(title.to_string(), "text(title, by model.safetensors)");
    /// ```
    pub fn model(mut self, table: impl Into<PathBuf>, tokenizer: impl Into<PathBuf>) -> Self {
        if self.is_text() {
            self.kind = FieldKind::StaticText {};
            self.model = Some(ModelFiles { table: table.into(), tokenizer: tokenizer.into() });
        }
        self
    }

    /// A number that is standardised by median and quartiles, so that a few very large ones do not press all others
    /// together.
    ///
    /// ```
    /// use relata_data::fields::number;
    ///
    /// assert_eq!(number("income").robust().to_string(), "number(income, robust)");
    /// ```
    pub fn robust(mut self) -> Self {
        if let FieldKind::Number { robust, .. } = &mut self.kind {
            *robust = true;
        }
        self
    }

    /// A number that is also read digit by digit, like text: years, codes, telephone numbers. Whole numbers are read so
    /// if nothing else is asked for.
    ///
    /// ```
    /// use relata_data::fields::number;
    ///
    /// assert_eq!(number("year").with_digits().to_string(), "number(year, digits)");
    /// ```
    pub fn with_digits(mut self) -> Self {
        if let FieldKind::Number { digits, .. } = &mut self.kind {
            *digits = true;
        }
        self
    }

    /// A category of which only the so many most frequent values have a number of their own.
    ///
    /// ```
    /// use relata_data::fields::category;
    ///
    /// assert_eq!(category("city").at_most(50).to_string(), "category(city, 50 values)");
    /// ```
    pub fn at_most(mut self, most: usize) -> Self {
        if let FieldKind::Category { values } = &mut self.kind {
            *values = most;
        }
        self
    }

    /// Whether it is a text, read by n-grams or by static embeddings.
    pub fn is_text(&self) -> bool {
        matches!(self.kind, FieldKind::Text {} | FieldKind::StaticText {})
    }

    /// Whether it is a column of pictures.
    pub fn is_image(&self) -> bool {
        matches!(self.kind, FieldKind::Image(_))
    }

    /// Whether n-grams of the value are a bag of tokens.
    pub fn has_bag(&self) -> bool {
        matches!(self.kind, FieldKind::Text {} | FieldKind::Number { digits: true, .. })
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = &self.column;
        match self.kind {
            FieldKind::Text {} => write!(f, "text({column})"),
            FieldKind::StaticText {} => {
                let table = self.model.as_ref().map(|model| model.table.display().to_string());
                write!(f, "text({column}, by {})", table.unwrap_or_default())
            }
            FieldKind::Number { robust, digits } => {
                let robust = if robust { ", robust" } else { "" };
                write!(f, "number({column}{robust}{})", if digits { ", digits" } else { "" })
            }
            FieldKind::Category { values: VALUES } => write!(f, "category({column})"),
            FieldKind::Category { values } => write!(f, "category({column}, {values} values)"),
            FieldKind::Date {} => write!(f, "date({column})"),
            FieldKind::Vector {} => write!(f, "vector({column})"),
            FieldKind::Image(image) => {
                write!(f, "image({column}")?;
                if let Some((height, width)) = image.size {
                    write!(f, ", {height} x {width}{}", if image.crop { ", cropped" } else { "" })?;
                }
                f.write_str(if image.grey { ", grey" } else { "" })?;
                match &self.folder {
                    Some(folder) => write!(f, ", in {})", folder.display()),
                    None => f.write_str(")"),
                }
            }
        }
    }
}
