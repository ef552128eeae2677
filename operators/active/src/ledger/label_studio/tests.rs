//! Label Studio from tasks to answers.

use std::cell::RefCell;

use relata_data::index::SampleId;
use relata_oracle::Cost;
use serde_json::{Value, json};

use super::super::fixture::{ledger, question};
use super::super::{Imported, Ledger};
use super::*;

pub(super) fn exported(ledger: &Ledger, annotators: usize) -> Vec<Value> {
    let mut out = Vec::new();
    let count = export_tasks(ledger, annotators, &|id| json!({ "text": format!("<{id}>") }), &mut out).unwrap();
    let tasks: Vec<Value> = serde_json::from_slice(&out).unwrap();
    assert_eq!(tasks.len(), count);
    tasks
}

/// An annotation as Label Studio exports it.
pub(super) fn annotation(by: Value, cancelled: bool, controls: &[(&str, &[&str])]) -> Value {
    let result: Vec<_> = controls
        .iter()
        .map(|(control, choices)| {
            json!({
                "id": "Dx_aB91ISN", "type": "choices", "origin": "manual", "from_name": control,
                "to_name": "anchor", "value": { "choices": choices },
            })
        })
        .collect();
    json!({
        "id": 1001, "result": result, "was_cancelled": cancelled, "ground_truth": false, "task": 1,
        "created_at": "2021-03-09T22:16:08.728353Z", "updated_at": "2021-03-09T22:16:08.728378Z",
        "lead_time": 4.288, "result_count": result.len(), "completed_by": by,
    })
}

pub(super) fn import_file(ledger: &Ledger, name: &str, text: &str) -> crate::Result<ImportedResults> {
    let path = ledger.folder().join(name);
    std::fs::write(&path, text).unwrap();
    import_results(ledger, &path, "label-studio", Cost { per_question: 1.0, per_candidate: 0.5 })
}

fn import(ledger: &Ledger, tasks: &Value) -> crate::Result<Imported> {
    import_file(ledger, "project-1-at-2021-03-09.json", &tasks.to_string()).map(|imported| imported.answers)
}

#[test]
fn a_round_through_label_studio_brings_every_kind_of_answer() {
    let asked: Vec<_> = (1..=5).map(|number| question(number, -(number as f32), 2)).collect();
    let (_folder, ledger) = ledger(&asked);
    let mut tasks = exported(&ledger, 1);
    assert_eq!(tasks[1]["data"]["question"], 2);
    assert_eq!(tasks[1]["data"]["anchor_html"], "<p>&lt;200&gt;</p>");
    assert_eq!(tasks[1]["data"]["candidates"][1], json!({ "value": "202", "html": "<p>&lt;202&gt;</p>" }));
    for (task, annotations) in tasks.iter_mut().zip([
        vec![annotation(json!(10), false, &[("alike", &["102"])])],
        vec![annotation(json!({ "id": 11, "email": "ben@example.org" }), false, &[])],
        vec![annotation(json!("cat"), true, &[]), annotation(json!(10), false, &[("pass", &["Pass"])])],
        vec![annotation(json!(10), false, &[("alike", &["401"]), ("pass", &["Pass"])])],
        vec![],
    ]) {
        // Label Studio numbers tasks itself.
        task["id"] = json!(90_000);
        task["annotations"] = json!(annotations);
        task["predictions"] = json!([]);
    }
    let results = Value::from(tasks);
    assert_eq!(import(&ledger, &results).unwrap(), Imported { new: 10, ..Imported::default() });
    assert_eq!(import(&ledger, &results).unwrap(), Imported { known: 10, ..Imported::default() });
    let rows = ledger.since(0).unwrap();
    let said: Vec<_> =
        rows.iter().map(|row| (row.answer.candidate.0, row.answer.annotator.as_str(), row.answer.related)).collect();
    let expected = [
        (101, "10", Some(false)),
        (102, "10", Some(true)),
        (201, "ben@example.org", Some(false)),
        (202, "ben@example.org", Some(false)),
        (301, "cat", None),
        (302, "cat", None),
        (301, "10", None),
        (302, "10", None),
        (401, "10", Some(true)),
        (402, "10", None),
    ];
    assert_eq!(said, expected);
    assert_eq!((rows[0].answer.cost, rows[0].answer.oracle.as_str()), (1.0, "label-studio"));
    assert_eq!(rows[0].answer.answered_at, 1_615_328_168_728_378);
    assert_eq!(exported(&ledger, 1).len(), 1);
    assert_eq!(exported(&ledger, 2).len(), 4);
}

#[test]
fn only_samples_that_are_asked_about_are_rendered() {
    let (_folder, ledger) = ledger(&[question(1, 1.0, 2), question(2, 0.0, 1)]);
    let seen = RefCell::new(Vec::new());
    let render = |id: SampleId| {
        seen.borrow_mut().push(id.0);
        Value::Null
    };
    export_tasks(&ledger, 1, &render, &mut Vec::new()).unwrap();
    assert_eq!(seen.into_inner(), [100, 101, 102, 200, 201]);
}

#[test]
fn an_annotation_that_was_changed_takes_the_place_of_what_it_said_before() {
    let (_folder, ledger) = ledger(&[question(1, 1.0, 2)]);
    let changed = |at: &str, chosen: &[&str], skipped: bool| {
        let mut annotation = annotation(json!(1), skipped, &[("alike", chosen)]);
        annotation["updated_at"] = json!(at);
        json!([{ "data": { "question": 1, "anchor": "100" }, "annotations": [annotation] }])
    };
    let related = |ledger: &Ledger| ledger.tables().unwrap().1["related"].len();
    let counts = |new, known| Imported { new, known, ..Imported::default() };
    let first = changed("2024-01-01T10:00:00Z", &["101"], false);
    assert_eq!(import(&ledger, &first).unwrap(), counts(2, 0));
    let second = changed("2024-01-01T11:00:00Z", &[], false);
    assert_eq!(import(&ledger, &second).unwrap(), counts(1, 1));
    assert_eq!(related(&ledger), 4, "two answers, one of them taken back, and the new one");
    let older = import(&ledger, &first).unwrap();
    assert_eq!(older, counts(0, 2), "what was exported before is known");
    // A skipped task says nothing, whatever is selected in it.
    let skipped = changed("2024-01-01T12:00:00Z", &["101"], true);
    assert_eq!(import(&ledger, &skipped).unwrap(), counts(2, 0));
    let said: Vec<_> = ledger.since(6).unwrap().into_iter().map(|row| row.answer.related).collect();
    assert_eq!(said.last(), Some(&None));
}

#[test]
fn broken_results_are_refused_as_a_whole() {
    let (_folder, ledger) = ledger(&[question(1, 1.0, 2), question(2, 0.0, 1)]);
    let good = json!({ "data": { "question": 1 }, "annotations": [annotation(json!(1), false, &[])] });
    let broken = |question: u64, change: &dyn Fn(&mut Value)| {
        let mut annotation = annotation(json!(1), false, &[("alike", &["201"])]);
        change(&mut annotation);
        let bad = json!({ "data": { "question": question }, "annotations": [good["annotations"][0], annotation] });
        import(&ledger, &json!([good, bad])).unwrap_err().to_string()
    };
    for (text, error) in [
        ("in entry 2 of the file, annotation 1001 (2 of the task) candidates of the question", broken(1, &|_| ())),
        ("found the choice `201`", broken(1, &|_| ())),
        ("in entry 2 of the file a question that was asked, found question 9", broken(9, &|_| ())),
        ("the anchor `77` instead of", {
            let results = json!([{ "data": { "question": 1, "anchor": "77" }, "annotations": good["annotations"] }]);
            import(&ledger, &results).unwrap_err().to_string()
        }),
        ("candidates in the control `mood`", broken(2, &|a| a["result"][0]["from_name"] = json!("mood"))),
        ("found a result of the type `textarea`", {
            broken(2, &|a| {
                a["result"][0]["type"] = json!("textarea");
                a["result"][0]["value"] = json!({ "text": ["201"] });
            })
        }),
        ("a name of at most 200", broken(2, &|a| a["completed_by"] = json!("a\nb"))),
        ("found `noon`", broken(2, &|a| a["updated_at"] = json!("noon"))),
        ("invalid type", broken(2, &|a| a["result"] = json!(5))),
        ("missing field `annotation_id`", import(&ledger, &json!([{ "question": 1 }])).unwrap_err().to_string()),
        ("missing field `data`", import(&ledger, &json!([{ "id": 1 }])).unwrap_err().to_string()),
        ("found `completions`", {
            import(&ledger, &json!([{ "data": { "question": 1 }, "completions": [] }])).unwrap_err().to_string()
        }),
    ] {
        assert!(error.contains(text) && error.contains("project-1"), "{error}");
    }
    assert_eq!(ledger.since(0).unwrap(), []);
}
