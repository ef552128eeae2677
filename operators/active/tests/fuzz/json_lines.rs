//! Answers and questions in JSON lines that are damaged.

use proptest::collection::vec;
use proptest::prelude::*;
use relata_active::ledger::{Ledger, export_answers, export_questions, import_answers, import_questions};
use relata_data::index::SampleId;
use serde_json::{Value, json};

use crate::fuzzing::damage::damaged;
use crate::fuzzing::fuzz;
use crate::json::changed;
use crate::ledger::{ledger, read};

/// Files of lines that are wrong as JSON or as bytes.
fn files(lines: Vec<Value>) -> impl Strategy<Value = Vec<u8>> {
    let text = |lines: &[Value]| lines.iter().map(|line| format!("{line}\n")).collect::<String>().into_bytes();
    let whole = text(&lines);
    let values = vec(changed(lines), 1..4).prop_map(move |lines| text(&lines));
    prop_oneof![2 => values, 1 => damaged(vec![whole])]
}

/// The lines of what was written out.
fn lines(bytes: Vec<u8>) -> Vec<Value> {
    String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Imports each file into a new ledger. Making one takes longer than reading a file, so it is kept until one went in.
fn import(lines: Vec<Value>, import: impl Fn(&Ledger, &std::path::Path) -> bool) {
    let kept = std::cell::RefCell::new(ledger());
    fuzz(files(lines), |bytes| {
        let mut kept = kept.borrow_mut();
        let (folder, known) = &*kept;
        let path = folder.path().join("import.jsonl");
        std::fs::write(&path, bytes).unwrap();
        if import(known, &path) {
            read(known, folder.path());
            *kept = ledger();
        }
    });
}

#[test]
fn damaged_answers_are_errors() {
    let (_folder, known) = ledger();
    let mut written = Vec::new();
    export_answers(&known, &mut written).unwrap();
    let mut all = lines(written);
    all.extend([
        json!({ "question": 9, "candidate": 2, "related": null }),
        json!({ "question": 2, "candidate": u64::MAX, "related": false, "answered_at": "2021-03-09T22:16:08Z" }),
        json!({ "sequence": 7, "question": 1, "candidate": 102, "related": true, "annotator": "ben", "cost": 0.5 }),
        json!({ "question": 1, "candidate": 102, "related": true, "undoes": 7 }),
    ]);
    import(all, |ledger, path| import_answers(ledger, path, "fuzz").is_ok_and(|imported| imported.new > 0));
}

#[test]
fn damaged_questions_are_errors() {
    let (_folder, known) = ledger();
    let mut written = Vec::new();
    export_questions(&known, &mut written).unwrap();
    let mut all = lines(written);
    all.push(json!({ "question": 3, "round": 1, "anchor": 5, "candidates": [6], "strategy": "mine", "priority": 1.0 }));
    import(all, |ledger, path| {
        import_questions(ledger, path, &|id| id < SampleId(1000)).is_ok_and(|imported| imported.new > 0)
    });
}
