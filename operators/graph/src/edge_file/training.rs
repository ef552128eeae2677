//! Training files of dedupe: records in pairs that match, and in pairs that are distinct.

use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use relata_data::DataError;
use relata_schemas::SchemaError;
use serde_json::{Map, Value};

use super::settings::EdgeFile;
use crate::error::Result;

/// The lists of a file, and whether their pairs are negatives.
const LISTS: [(&str, bool); 2] = [("match", false), ("distinct", true)];
/// How much of a file is looked at to know it.
const HEAD: u64 = 4096;

/// A list of pairs.
#[derive(Debug)]
pub(super) struct Pairs {
    pub(super) apart: bool,
    /// Two columns of ids as text, named by where they stand in the file; row 0 is the first pair of the list.
    pub(super) ids: RecordBatch,
}

/// Whether the file begins as a training file does: an object whose first key is a list of pairs.
pub(super) fn is_training(path: &Path) -> bool {
    let Ok(file) = std::fs::File::open(path) else { return false };
    let mut head = Vec::new();
    if file.take(HEAD).read_to_end(&mut head).is_err() {
        return false;
    }
    let head: String = String::from_utf8_lossy(&head).chars().filter(|c| !c.is_whitespace()).collect();
    LISTS.iter().any(|(key, _)| head.starts_with(&format!("{{\"{key}\":[")))
}

/// Reads the pairs of a training file.
pub(super) fn read_training(settings: &EdgeFile) -> Result<Vec<Pairs>> {
    let path = settings.path();
    let file = path.display().to_string();
    let reader = BufReader::new(std::fs::File::open(path).map_err(DataError::io(path))?);
    let lists: Map<String, Value> = serde_json::from_reader(reader).map_err(|error| DataError::Unreadable {
        path: path.to_path_buf(),
        expected: "a training file of dedupe, an object with the lists `match` and `distinct`".to_owned(),
        found: format!("`{error}`"),
        hint: "It may be truncated: write it again.".to_owned(),
    })?;
    if let Some(other) = lists.keys().find(|key| LISTS.iter().all(|(list, _)| list != key)) {
        let expected = "only the lists `match` and `distinct`";
        let hint = "Move the pairs to the list that says what they are, or drop them.";
        return Err(SchemaError::column(&file, other, expected, "another list", hint).into());
    }
    let known = LISTS.iter().filter_map(|&(list, apart)| Some((list, apart, lists.get(list)?)));
    let read = known.map(|(list, apart, pairs)| {
        let wrong = |row: Option<usize>, expected: &str, found: String, hint: &str| {
            let error = SchemaError::column(&file, list, expected, found, hint);
            row.into_iter().fold(error, |error, row| error.at_row(row as u64))
        };
        let Value::Array(pairs) = pairs else {
            let hint = "Write the file with dedupe's `write_training`.";
            return Err(wrong(None, "a list of pairs", kind(pairs).to_owned(), hint).into());
        };
        let (mut left, mut right) = (Vec::with_capacity(pairs.len()), Vec::with_capacity(pairs.len()));
        for (row, pair) in pairs.iter().enumerate() {
            let [a, b] = records(pair).ok_or_else(|| {
                let hint = "Write the file with dedupe's `write_training`.";
                wrong(Some(row), "a pair of records", kind(pair).to_owned(), hint)
            })?;
            let field = settings.named_id_field();
            let id = |record: &Map<String, Value>| {
                id(record, field).ok_or_else(|| {
                    let names: Vec<_> = record.keys().map(String::as_str).collect();
                    let found = match record.get(field) {
                        Some(value) => format!("{} in this field", kind(value)),
                        None => format!("a record with only the fields {}", names.join(", ")),
                    };
                    let hint = "Name the field that holds the dataset's id by `.id_field(..)`; if there is none, add \
                                it to the records before they are labelled.";
                    wrong(Some(row), &format!("the dataset's id in the field `{field}` of both records"), found, hint)
                })
            };
            left.push(id(a)?);
            right.push(id(b)?);
        }
        let name = |at: usize| format!("{list}, {} record", ["first", "second"][at]);
        let columns = [(name(0), left), (name(1), right)];
        let columns = columns.map(|(name, ids)| (name, Arc::new(StringArray::from(ids)) as ArrayRef));
        Ok(Pairs { apart, ids: RecordBatch::try_from_iter(columns)? })
    });
    read.collect()
}

/// The two records of a pair, which is a list or what dedupe writes for a tuple.
fn records(pair: &Value) -> Option<[&Map<String, Value>; 2]> {
    match items(pair)? {
        [Value::Object(a), Value::Object(b)] => Some([a, b]),
        _ => None,
    }
}

fn items(pair: &Value) -> Option<&[Value]> {
    match pair {
        Value::Array(items) => Some(items),
        Value::Object(tuple) if tuple.get("__class__")? == "tuple" => tuple.get("__value__")?.as_array().map(|v| &**v),
        _ => None,
    }
}

/// The id of a record as text.
fn id(record: &Map<String, Value>, field: &str) -> Option<String> {
    match record.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
