//! Flat exports of Label Studio (JSON-MIN, CSV and TSV): a record for each annotation, with the data of its task. Label
//! Studio leaves skipped annotations out of them.

use std::collections::BTreeMap;
use std::io::Read;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::annotation::{Annotation, OtherControl, Task, Unexpected};
use super::full_export::{Identifier, choices};
use super::tasks::{ALIKE, PASS};

/// The columns that every table has, beside those of controls that were used.
const QUESTION: &str = "question";
const ANNOTATION: &str = "annotation_id";
/// Columns of the tasks and of Label Studio that say nothing about the candidates.
const KNOWN: &[&str] = &["anchor_html", "candidates", "lead_time", "agreement", "history"];

/// An object of JSON-MIN.
#[derive(Deserialize)]
struct Record {
    id: Option<Identifier>,
    question: u64,
    anchor: Option<String>,
    // Named here, the key must be there: it is null where a task has no annotation.
    #[serde(deserialize_with = "Option::deserialize")]
    annotation_id: Option<Identifier>,
    annotator: Option<Identifier>,
    created_at: Option<String>,
    updated_at: Option<String>,
    was_cancelled: Option<bool>,
    alike: Option<Value>,
    pass: Option<Value>,
    // Pictures may be large, and are not kept.
    #[serde(default, rename = "anchor_html")]
    _anchor_html: IgnoredAny,
    #[serde(default, rename = "candidates")]
    _candidates: IgnoredAny,
    #[serde(flatten)]
    others: BTreeMap<String, Value>,
}

/// Reads JSON-MIN.
pub(super) fn read_json(file: impl Read) -> Result<Vec<Task>, Unexpected> {
    let expected = "an array of objects with `question` and `annotation_id`";
    let records: Vec<Record> =
        serde_json::from_reader(file).map_err(|error| Unexpected::new(expected, error.to_string()))?;
    tasks(records)
}

/// Reads CSV or TSV.
pub(super) fn read_table(file: impl Read, delimiter: u8) -> Result<Vec<Task>, Unexpected> {
    let broken = |error: csv::Error| Unexpected::new("rows of one length in UTF-8", error.to_string());
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(file);
    let header = reader.headers().map_err(broken)?.clone();
    if let Some(missing) = [QUESTION, ANNOTATION].iter().find(|name| !header.iter().any(|known| known == **name)) {
        let found = header.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let expected = format!("JSON, or a table with the column `{missing}`");
        return Err(Unexpected::new(expected, format!("the columns {found}")));
    }
    let mut records = Vec::new();
    for (number, row) in (1..).zip(reader.records()) {
        let row = row.map_err(broken)?;
        let mut cells: BTreeMap<String, Value> = BTreeMap::new();
        for (name, cell) in header.iter().zip(&row).filter(|(_, cell)| !cell.is_empty()) {
            if !KNOWN.contains(&name) {
                cells.insert(name.to_owned(), Value::String(cell.to_owned()));
            }
        }
        records.push(record(number, cells)?);
    }
    tasks(records)
}

/// A row of a table, whose cells are texts.
fn record(number: usize, mut cells: BTreeMap<String, Value>) -> Result<Record, Unexpected> {
    let mut take = |name: &str| cells.remove(name).and_then(|cell| cell.as_str().map(str::to_owned));
    let question = take(QUESTION).unwrap_or_default();
    let wrong = |column: &str, expected: &str, found: &str| {
        Unexpected::new(format!("in row {number}, column `{column}` {expected}"), format!("`{found}`"))
    };
    // Objects and lists are JSON in a cell; one choice is a bare text.
    let parsed = |cell: String| match cell.starts_with(['{', '[']) {
        true => serde_json::from_str(&cell).unwrap_or(Value::String(cell)),
        false => Value::String(cell),
    };
    let was_cancelled = match take("was_cancelled").as_deref() {
        None => None,
        Some("True" | "true") => Some(true),
        Some("False" | "false") => Some(false),
        Some(other) => return Err(wrong("was_cancelled", "True or False", other)),
    };
    Ok(Record {
        id: take("id").map(Identifier::Text),
        question: question.parse().map_err(|_| wrong(QUESTION, "the number of a question", &question))?,
        anchor: take("anchor"),
        annotation_id: take(ANNOTATION).map(Identifier::Text),
        annotator: take("annotator").map(Identifier::Text),
        created_at: take("created_at"),
        updated_at: take("updated_at"),
        was_cancelled,
        alike: take(ALIKE).map(parsed),
        pass: take(PASS).map(parsed),
        _anchor_html: IgnoredAny,
        _candidates: IgnoredAny,
        others: cells
            .into_iter()
            .map(|(name, cell)| (name, cell.as_str().map_or(Value::Null, |c| parsed(c.to_owned()))))
            .collect(),
    })
}

fn tasks(records: Vec<Record>) -> Result<Vec<Task>, Unexpected> {
    // A text of another column may happen to be the id of a candidate; it is suspect only where nothing is alike.
    let suspects = records.iter().all(|record| record.alike.is_none());
    (1..).zip(records).map(|(number, record)| task(number, record, suspects)).collect()
}

fn task(number: usize, record: Record, suspects: bool) -> Result<Task, Unexpected> {
    let place = match record.id {
        Some(id) => format!("task {} (row {number} of the file)", id.text()),
        None => format!("row {number} of the file"),
    };
    let selected = |control: &str, value: Option<Value>| {
        let Some(value) = value.filter(|value| !value.is_null()) else { return Ok(vec![]) };
        names(&value)
            .ok_or_else(|| Unexpected::new(format!("in {place} choices of the control `{control}`"), value.to_string()))
    };
    let (alike, pass) = (selected(ALIKE, record.alike)?, selected(PASS, record.pass)?);
    let others = record.others.into_iter().filter(|(name, value)| !KNOWN.contains(&name.as_str()) && !value.is_null());
    let others = others.map(|(name, value)| {
        let choices = if suspects { names(&value).unwrap_or_default() } else { vec![] };
        OtherControl { name, choices }
    });
    let annotation = record.annotation_id.map(|id| Annotation {
        place: format!("{place}, annotation {}", id.text()),
        // Label Studio writes Python's `None` where nobody is named.
        annotator: record.annotator.map(Identifier::text).filter(|name| name != "None"),
        skipped: record.was_cancelled == Some(true),
        alike,
        passed: !pass.is_empty(),
        moment: record.updated_at.or(record.created_at),
        others: others.collect(),
    });
    Ok(Task { place, question: record.question, anchor: record.anchor, annotations: annotation.into_iter().collect() })
}

/// The names of what was selected: a text for one choice, an object for several, a list for several regions.
fn names(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(name) => Some(vec![name.clone()]),
        Value::Array(regions) => {
            let regions: Option<Vec<Vec<String>>> = regions.iter().map(names).collect();
            regions.map(|names| names.into_iter().flatten().collect())
        }
        Value::Object(_) => choices(value),
        _ => None,
    }
}
