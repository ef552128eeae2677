//! JSON records: an object, or an array of some, as a dataset.

use std::io::Write;

use relata_data::DataError;
use relata_data::source::{Dataset, json_lines};
use serde_json::{Map, Value};
use tempfile::NamedTempFile;

use crate::error::Result;

/// What errors call the records.
const RECORD: &str = "the record";

/// Records that were sent as JSON, in a file while this lives.
pub(super) struct JsonRecords {
    file: NamedTempFile,
}

impl JsonRecords {
    /// Reads an object or an array of objects, whose keys are some of the columns; the others are null.
    pub fn read(text: &str, columns: &[String]) -> Result<Self> {
        let refuse = |expected: &str, found: String| DataError::setting(RECORD, "JSON", expected, found);
        let parsed: Value = serde_json::from_str(text)
            .map_err(|error| refuse("an object, or an array of objects", error.to_string()))?;
        let records = match parsed {
            Value::Array(records) => records,
            one => vec![one],
        };
        if records.is_empty() {
            return Err(refuse("at least one object", "an empty array".to_owned()).into());
        }
        let temporary = std::env::temp_dir();
        let mut file = tempfile::Builder::new().suffix(".jsonl").tempfile().map_err(DataError::io(&temporary))?;
        for record in records {
            let Value::Object(mut record) = record else {
                return Err(refuse("an object, or an array of objects", record.to_string()).into());
            };
            if let Some(unknown) = record.keys().find(|key| !columns.contains(key)) {
                let expected = format!("columns of the run: {}", columns.join(", "));
                return Err(DataError::setting(RECORD, "column", expected, format!("`{unknown}`")).into());
            }
            fill(&mut record, columns);
            let line = Value::Object(record);
            writeln!(file, "{line}").map_err(DataError::io(file.path()))?;
        }
        file.flush().map_err(DataError::io(file.path()))?;
        Ok(Self { file })
    }

    pub fn dataset(&self) -> Dataset {
        json_lines(self.file.path())
    }
}

/// Adds the columns that a record lacks, but for ids.
fn fill(record: &mut Map<String, Value>, columns: &[String]) {
    use relata_schemas::samples::{ID, SOURCE_ID};

    for column in columns.iter().filter(|column| ![ID, SOURCE_ID].contains(&column.as_str())) {
        record.entry(column.as_str()).or_insert(Value::Null);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_objects_of_known_columns() {
        let columns = ["id", "name", "city"].map(str::to_owned);
        let lines = |text: &str| {
            JsonRecords::read(text, &columns).map(|records| std::fs::read_to_string(records.file.path()).unwrap())
        };
        assert_eq!(lines(r#"{"name": "a"}"#).unwrap().trim(), r#"{"city":null,"name":"a"}"#);
        assert_eq!(lines(r#"[{"name": "a"}, {"city": 1}]"#).unwrap().lines().count(), 2);
        for (wrong, told) in [
            ("", "an object, or an array of objects"),
            ("3", "but is 3"),
            ("[]", "at least one object"),
            (r#"[{"name": "a"}, 3]"#, "but is 3"),
            (r#"{"nam": "a"}"#, "`nam`"),
        ] {
            let error = lines(wrong).unwrap_err().to_string();
            assert!(error.contains(told), "{wrong}: {error}");
        }
    }
}
