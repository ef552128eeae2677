//! Results of Label Studio that are damaged.

use std::cell::RefCell;

use proptest::prelude::*;
use relata_active::ledger::label_studio::import_results;
use relata_oracle::Cost;
use serde_json::{Value, json};

use crate::fuzzing::damage::damaged;
use crate::fuzzing::fuzz;
use crate::json::changed;
use crate::ledger::{ledger, read};

/// An export of a project, with every form that its parts have.
fn export() -> Value {
    let annotation = |by: Value, cancelled: bool, control: &str, choices: Value| {
        json!({
            "id": 1001, "was_cancelled": cancelled, "completed_by": by, "task": 1,
            "created_at": "2021-03-09T22:16:08.728353Z", "updated_at": "2021-03-09T22:16:08.728378Z",
            "result": [{ "type": "choices", "from_name": control, "to_name": "anchor", "value": { "choices": choices } }],
        })
    };
    let task = |question: u64, anchor: &str, annotations: Vec<Value>| json!({ "id": 7, "data": { "question": question, "anchor": anchor }, "annotations": annotations });
    json!([
        task(
            1,
            "100",
            vec![
                annotation(json!(10), false, "alike", json!(["102"])),
                annotation(json!({ "id": 11, "email": "ben@example.org" }), false, "pass", json!(["Pass"])),
            ]
        ),
        task(2, "7", vec![annotation(json!("cat"), true, "alike", json!([["kind", u64::MAX.to_string()]]))]),
        task(9, "0", vec![annotation(json!({ "id": 12 }), false, "alike", json!([]))]),
    ])
}

/// The same as JSON-MIN.
fn records() -> Value {
    let record = |question: u64, annotator: Value, alike: Value, pass: Value| {
        json!({
            "question": question, "anchor": "100", "anchor_html": "<p></p>", "candidates": [], "id": 7,
            "annotator": annotator, "annotation_id": 1001, "created_at": "2021-03-09T22:16:08.728353Z",
            "updated_at": "2021-03-09T22:16:08.728378Z", "lead_time": 4.288, "alike": alike, "pass": pass, "sure": 3,
        })
    };
    json!([
        record(1, json!(10), json!("102"), Value::Null),
        record(1, json!("ben@example.org"), json!({ "choices": ["101", ["kind", "102"]] }), json!("Pass")),
        record(1, Value::Null, json!([{ "choices": [] }, "101"]), json!([])),
    ])
}

/// The same as a table.
const TABLE: &str = "\"alike\",\"annotation_id\",\"annotator\",\"question\",\"updated_at\",\"was_cancelled\"\r\n\
    \"102\",1,\"ben@example.org\",1,\"2021-03-09T22:16:08.728378Z\",\"False\"\r\n\
    \"{\"\"choices\"\": [\"\"101\"\", \"\"102\"\"]}\",2,7,1,\"\",\"\"\r\n";

#[test]
fn damaged_results_are_errors() {
    let value = changed(vec![export(), records()]).prop_map(|value| value.to_string().into_bytes());
    let whole = [export().to_string(), records().to_string(), TABLE.to_owned(), TABLE.replace(',', "\t")];
    let bytes = prop_oneof![2 => value, 1 => damaged(whole.map(String::into_bytes).to_vec())];
    let kept = RefCell::new(ledger());
    fuzz(bytes, |bytes| {
        let mut kept = kept.borrow_mut();
        let (folder, known) = &*kept;
        let path = folder.path().join("project.json");
        std::fs::write(&path, bytes).unwrap();
        let cost = Cost { per_question: 1.0, per_candidate: 0.5 };
        if import_results(known, &path, "fuzz", cost).is_ok_and(|imported| imported.answers.new > 0) {
            read(known, folder.path());
            *kept = ledger();
        }
    });
}
