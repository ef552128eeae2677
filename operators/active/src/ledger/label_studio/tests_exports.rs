//! Exports of Label Studio as it writes them: several annotators, other controls, skipped and empty annotations, and the
//! formats JSON, JSON-MIN, CSV and TSV.

use serde_json::{Value, json};

use super::super::fixture::{ledger, question};
use super::super::{Imported, Ledger};
use super::tests::{annotation, exported, import_file};
use super::*;

/// Who said what about which candidate, in the order of the ledger.
fn said(ledger: &Ledger) -> Vec<(u64, String, Option<bool>)> {
    let rows = ledger.since(0).unwrap().into_iter();
    rows.map(|row| (row.answer.candidate.0, row.answer.annotator, row.answer.related)).collect()
}

/// The task of question 1 of a project, as JSON exports it.
fn task(ledger: &Ledger, annotations: &[Value]) -> Value {
    let mut task = exported(ledger, 9).remove(0);
    for (name, value) in [
        ("id", json!(90_000)),
        ("annotations", json!(annotations)),
        ("file_upload", json!("fbb24b1c-tasks.json")),
        ("drafts", json!([{ "id": 3, "result": [{ "from_name": "alike", "value": { "choices": ["102"] } }] }])),
        ("meta", json!({})),
        ("created_at", json!("2021-03-09T21:52:49.513742Z")),
        ("inner_id", json!(1)),
        ("total_annotations", json!(annotations.len())),
        ("cancelled_annotations", json!(0)),
        ("project", json!(83)),
        ("comment_authors", json!([])),
        (
            "predictions",
            json!([{
                "id": 5, "model_version": "model 1", "created_ago": "3 hours", "score": 0.9, "task": 90_000,
                "result": [{
                    "id": "t5sp3TyXPo", "from_name": "alike", "to_name": "anchor", "type": "choices",
                    "value": { "choices": ["102"] },
                }],
            }]),
        ),
    ] {
        task[name] = value;
    }
    task
}

fn import(ledger: &Ledger, tasks: &[Value]) -> crate::Result<ImportedResults> {
    import_file(ledger, "project-83.json", &json!(tasks).to_string())
}

#[test]
fn each_annotator_of_a_task_is_kept_and_predictions_and_drafts_are_not() {
    let (_folder, ledger) = ledger(&[question(1, 1.0, 2)]);
    let user = |id: u64, email: &str| json!({ "id": id, "email": email, "first_name": "Ann", "last_name": "Lee" });
    let named = json!({ "first_name": "Cleo", "last_name": "Day" });
    let annotations = [
        annotation(user(1, "ann@example.org"), false, &[("alike", &["101"])]),
        annotation(user(2, ""), false, &[("alike", &["102"])]),
        annotation(named, false, &[("alike", &["101", "102"])]),
        annotation(json!(7), false, &[]),
    ];
    let found = import(&ledger, &[task(&ledger, &annotations)]).unwrap();
    assert_eq!(found.answers, Imported { new: 8, ..Imported::default() });
    assert!(found.left_out.is_empty(), "{}", found.left_out);
    let expected = [
        (101, "ann@example.org", true),
        (102, "ann@example.org", false),
        (101, "2", false),
        (102, "2", true),
        (101, "Cleo Day", true),
        (102, "Cleo Day", true),
        (101, "7", false),
        (102, "7", false),
    ];
    assert_eq!(said(&ledger), expected.map(|(candidate, who, related)| (candidate, who.to_owned(), Some(related))));
}

#[test]
fn a_second_annotation_that_is_empty_or_skipped_does_not_undo_the_first() {
    for (skipped, by, rows) in [(false, 7, 2), (true, 7, 2), (false, 8, 4), (true, 8, 4)] {
        for swapped in [false, true] {
            let (_folder, ledger) = ledger(&[question(1, 1.0, 2)]);
            let mut second = annotation(json!(by), skipped, &[]);
            second["id"] = json!(1002);
            second["updated_at"] = json!("2021-03-10T08:00:00.000000Z");
            let mut annotations = [annotation(json!(7), false, &[("alike", &["101"])]), second];
            annotations[..].rotate_left(usize::from(swapped));
            let found = import(&ledger, &[task(&ledger, &annotations)]).unwrap();
            assert_eq!(found.answers.new, rows, "{skipped} {by}");
            assert_eq!(found.left_out.repeated, usize::from(by == 7));
            let of_first: Vec<_> = said(&ledger).into_iter().filter(|said| said.1 == "7").map(|said| said.2).collect();
            assert_eq!(of_first, [Some(true), Some(false)]);
            // Another annotator's own answer counts: nothing is alike, or a pass.
            let of_other = said(&ledger).into_iter().find(|said| said.1 == "8").map(|said| said.2);
            assert_eq!(of_other, (by == 8).then_some((!skipped).then_some(false)));
        }
    }
}

#[test]
fn skipped_tasks_are_passed_and_tasks_without_an_annotation_stay_open() {
    let (_folder, ledger) = ledger(&[question(1, 1.0, 1), question(2, 0.0, 1)]);
    let mut tasks = exported(&ledger, 1);
    tasks[0]["annotations"] = json!([annotation(json!(7), true, &[])]);
    tasks[1]["annotations"] = json!([]);
    let found = import(&ledger, &tasks).unwrap();
    assert_eq!((found.answers.new, found.left_out.to_string().as_str()), (1, "1 task without an annotation"));
    assert_eq!(said(&ledger), [(101, "7".to_owned(), None)]);
    assert_eq!(exported(&ledger, 1).len(), 1);
}

#[test]
fn controls_beside_ours_are_counted_and_not_taken_for_ours() {
    let (_folder, ledger) = ledger(&[question(1, 1.0, 2)]);
    let mut first = annotation(json!(7), false, &[("alike", &["101"]), ("quality", &["Pass"])]);
    let region = |control: &str, kind: &str, value: Value| {
        json!({
            "id": "aB", "type": kind, "origin": "manual", "from_name": control, "to_name": "anchor", "value": value,
        })
    };
    let results = first["result"].as_array_mut().unwrap();
    // The rating, and the text, might be ids of candidates.
    results.push(region("sure", "rating", json!({ "rating": 101 })));
    results.push(region("comment", "textarea", json!({ "text": ["102"] })));
    results.push(json!({ "type": "relation", "from_id": "a", "to_id": "b", "direction": "right" }));
    let found = import(&ledger, &[task(&ledger, &[first])]).unwrap();
    assert_eq!(said(&ledger), [(101, "7".to_owned(), Some(true)), (102, "7".to_owned(), Some(false))]);
    let told = "4 results of other controls (comment: 1, quality: 1, relation: 1, sure: 1)";
    assert_eq!(found.left_out.to_string(), told);

    let renamed = annotation(json!(8), false, &[("same", &["102"])]);
    let error = import(&ledger, &[task(&ledger, &[renamed])]).unwrap_err().to_string();
    for part in ["task 90000 (entry 1 of the file), annotation 1001", "`alike`", "candidates in the control `same`"] {
        assert!(error.contains(part), "{error}");
    }
}

/// A file of JSON-MIN.
const MIN: &str = "min.json";

/// A record of it.
fn record(id: u64, question: u64, annotator: Value, alike: Option<Value>) -> Value {
    let mut record = json!({
        "question": question, "anchor": (100 * question).to_string(), "anchor_html": "<p>\"x\", y\n</p>",
        "candidates": [{ "value": "101", "html": "<p>1</p>" }, { "value": "102", "html": "<p>2</p>" }],
        "id": id, "annotator": annotator, "annotation_id": 1000 + id,
        "created_at": "2021-03-09T22:16:08.728353Z", "updated_at": "2021-03-09T22:16:08.728378Z", "lead_time": 4.288,
    });
    if let Some(alike) = alike {
        record["alike"] = alike;
    }
    record
}

/// Three annotators of one question, one who passes, and a task that nobody has annotated.
fn records() -> Vec<Value> {
    let mut passed = record(2, 2, json!(7), None);
    passed["pass"] = json!("Pass");
    passed["sure"] = json!([{ "rating": 4 }]);
    let mut open = record(3, 3, Value::Null, None);
    for name in ["annotation_id", "created_at", "updated_at", "lead_time"] {
        open[name] = Value::Null;
    }
    vec![
        record(1, 1, json!(7), Some(json!("102"))),
        record(1, 1, json!("ann@example.org"), Some(json!({ "choices": ["101", "102"] }))),
        record(1, 1, json!(8), None),
        passed,
        open,
    ]
}

/// The same as a table, as Label Studio writes it: columns by name, and every text quoted.
fn table(records: &[Value], delimiter: char) -> String {
    let mut columns: Vec<&String> = records.iter().flat_map(|record| record.as_object().unwrap().keys()).collect();
    columns.sort_unstable();
    columns.dedup();
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let cell = |value: Option<&Value>| match value {
        None | Some(Value::Null) => quoted(""),
        Some(Value::String(text)) => quoted(text),
        Some(Value::Number(number)) => number.to_string(),
        Some(other) => quoted(&other.to_string()),
    };
    let join = |cells: Vec<String>| cells.join(&delimiter.to_string()) + "\r\n";
    let header = join(columns.iter().map(|column| quoted(column)).collect());
    let rows = records.iter().map(|record| join(columns.iter().map(|column| cell(record.get(*column))).collect()));
    rows.fold(header, |text, row| text + &row)
}

#[test]
fn json_min_csv_and_tsv_say_the_same() {
    let asked: Vec<_> = (1..=3).map(|number| question(number, 1.0, 2)).collect();
    let mut bytes = "\u{feff}".to_owned();
    bytes.push_str(&table(&records(), ','));
    for (name, text) in [
        (MIN, Value::from(records()).to_string()),
        ("project.csv", table(&records(), ',')),
        ("project.tsv", table(&records(), '\t')),
        ("marked.csv", bytes),
    ] {
        let (_folder, ledger) = ledger(&asked);
        let found = import_file(&ledger, name, &text).unwrap();
        assert_eq!(found.answers, Imported { new: 8, ..Imported::default() }, "{name}");
        let told = "1 task without an annotation, 1 result of other controls (sure: 1)";
        assert_eq!(found.left_out.to_string(), told, "{name}");
        let expected = [
            (101, "7", Some(false)),
            (102, "7", Some(true)),
            (101, "ann@example.org", Some(true)),
            (102, "ann@example.org", Some(true)),
            (101, "8", Some(false)),
            (102, "8", Some(false)),
            (201, "7", None),
            (202, "7", None),
        ];
        assert_eq!(said(&ledger), expected.map(|(candidate, who, related)| (candidate, who.to_owned(), related)));
        assert_eq!(ledger.since(0).unwrap()[0].answer.answered_at, 1_615_328_168_728_378);
        // The same answers in another format are known.
        let again = import_file(&ledger, "again.json", &Value::from(records()).to_string()).unwrap();
        assert_eq!(again.answers, Imported { known: 8, ..Imported::default() }, "{name}");
    }
}

#[test]
fn broken_tables_and_records_are_refused_with_their_rows() {
    let (_folder, ledger) = ledger(&[question(1, 1.0, 2)]);
    let error = |name: &str, text: &str| import_file(&ledger, name, text).unwrap_err().to_string();
    let changed = |column: &str, value: Value| {
        let mut record = record(1, 1, json!(7), Some(json!("102")));
        record[column] = value;
        [record]
    };
    for (records, place, found) in [
        (changed("alike", json!("201")), "task 1 (row 1 of the file), annotation 1001", "the choice `201`"),
        (changed("question", json!(9)), "task 1 (row 1 of the file)", "question 9"),
        (changed("anchor", json!("7")), "task 1 (row 1 of the file)", "the anchor `7`"),
        (changed("updated_at", json!("noon")), "annotation 1001", "`noon`"),
        (changed("alike", json!({ "rating": 3 })), "choices of the control `alike`", "{\"rating\":3}"),
    ] {
        for (name, text) in [(MIN, Value::from(records.to_vec()).to_string()), ("p.csv", table(&records, ','))] {
            let error = error(name, &text);
            assert!(error.contains(place) && error.contains(found) && error.contains(name), "{error}");
        }
    }
    // The control was renamed, and nothing else tells it.
    let mut renamed = record(1, 1, json!(7), None);
    renamed["same"] = json!("102");
    assert!(error(MIN, &json!([renamed]).to_string()).contains("candidates in the control `same`"));
    assert!(error("p.csv", "src,dst\n1,2\n").contains("column `question`"));
    assert!(error("p.csv", "").contains("column `question`"));
    assert!(error("p.csv", "question,annotation_id\nx,1\n").contains("in row 1, column `question`"));
    assert!(error("p.csv", "question,annotation_id\n1\n").contains("rows of one length"));
    assert!(error("p.csv", "question,annotation_id,was_cancelled\n1,1,maybe\n").contains("True or False"));
    assert_eq!(ledger.since(0).unwrap(), []);
}
