//! Output formats.

use std::path::Path;
use std::str::FromStr;

use super::error::SqlError;

/// The formats of answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Format {
    /// A table for people: long lists are shortened and rows beyond the first thousand only counted.
    #[default]
    Table,
    /// Comma-separated values with a header; lists are text like `[0.1, -0.2]`.
    Csv,
    /// The same with tabs between the values.
    Tsv,
    /// One JSON object per line.
    Json,
    /// A Parquet file.
    Parquet,
}

impl Format {
    /// The format that the ending of a file's name says, in any case: csv, tsv, json, jsonl, ndjson, parquet or pq.
    ///
    /// ```
    /// use std::path::Path;
    /// use relata::sql::Format;
    ///
    /// assert_eq!(Format::of_file(Path::new("Answer.CSV")), Some(Format::Csv));
    /// assert_eq!(Format::of_file(Path::new("answer.csv.gz")), None);
    /// ```
    pub fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "tsv" => Some(Self::Tsv),
            "json" | "jsonl" | "ndjson" => Some(Self::Json),
            "parquet" | "pq" => Some(Self::Parquet),
            _ => None,
        }
    }
}

impl FromStr for Format {
    type Err = SqlError;

    fn from_str(text: &str) -> Result<Self, SqlError> {
        match text {
            "table" => Ok(Self::Table),
            "csv" => Ok(Self::Csv),
            "tsv" => Ok(Self::Tsv),
            "json" => Ok(Self::Json),
            "parquet" => Ok(Self::Parquet),
            _ => Err(SqlError::Format { found: text.to_owned() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_go_by_name() {
        assert_eq!("json".parse::<Format>().unwrap(), Format::Json);
        assert!("xml".parse::<Format>().unwrap_err().to_string().contains("`xml`"));
    }
}
