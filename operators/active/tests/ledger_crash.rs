//! Processes that are killed while they write the ledger, and processes that write it at once: no answer is lost and
//! none is there twice.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rand::RngExt;
use relata_active::ledger::Ledger;
use relata_data::index::SampleId;
use relata_data::seed::stream;
use relata_oracle::{Answer, Cost, Question};

/// What a child process does: the folder of the ledger, the annotator, and how it comes by its questions.
const CHILD: &str = "RELATA_LEDGER_CHILD";

fn questions(count: u64) -> Vec<Question> {
    let question = |number| Question {
        question: number,
        round: 1,
        anchor: SampleId(0),
        candidates: vec![SampleId(number)],
        strategy: "test".to_owned(),
        priority: 0.0,
    };
    (1..=count).map(question).collect()
}

/// Not a test of its own: what the child processes of the other tests run.
#[test]
fn child() {
    let Ok(order) = std::env::var(CHILD) else { return };
    let [folder, annotator, how] = order.split('\n').collect::<Vec<_>>()[..] else { panic!("{order}") };
    let ledger = Ledger::open(Path::new(folder)).unwrap();
    let answer = |question: &Question| {
        let mut answer = Answer::now(question, question.candidates[0], Some(true), "child", Cost::default());
        answer.annotator = annotator.to_owned();
        ledger.record(&[answer]).unwrap();
        // The test harness may have written the beginning of the line.
        writeln!(std::io::stdout(), "\nrecorded {}", question.question).unwrap();
    };
    match how {
        "lease" => {
            std::iter::from_fn(|| ledger.lease(annotator, 1, 60).unwrap()).for_each(|question| answer(&question))
        }
        _ => ledger.unanswered(usize::MAX).unwrap().iter().for_each(answer),
    }
}

fn spawn(folder: &Path, annotator: &str, how: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["child", "--exact", "--nocapture"]).stdout(Stdio::piped());
    command.env(CHILD, format!("{}\n{annotator}\n{how}", folder.display())).spawn().unwrap()
}

/// The questions that a child said it had recorded, as it says so.
fn recorded(child: &mut Child) -> mpsc::Receiver<u64> {
    let (sender, receiver) = mpsc::channel();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    thread::spawn(move || {
        let mut line = String::new();
        while out.read_line(&mut line).unwrap() > 0 {
            // A line that the kill has cut short has no end, and its number may lack digits.
            let number = line.strip_prefix("recorded ").and_then(|rest| rest.strip_suffix('\n'));
            number.into_iter().for_each(|number| sender.send(number.parse().unwrap()).unwrap());
            line.clear();
        }
    });
    receiver
}

#[test]
fn what_was_recorded_before_a_kill_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    Ledger::open(folder.path()).unwrap().ask(&questions(20_000)).unwrap();
    let mut random = stream(11, &[]);
    let mut told = BTreeSet::new();
    for kill in 0..8 {
        let annotator = format!("annotator {kill}");
        let mut child = spawn(folder.path(), &annotator, "all");
        let answers = recorded(&mut child);
        // The first answer shows that the child is under way; it is killed at some moment after that.
        let first = answers.recv_timeout(Duration::from_secs(60)).unwrap();
        thread::sleep(Duration::from_micros(random.random_range(0..60_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        told.extend(std::iter::once(first).chain(answers).map(|question| (annotator.clone(), question)));

        let rows = Ledger::open(folder.path()).unwrap().since(0).unwrap();
        assert!(rows.iter().zip(1..).all(|(row, sequence)| row.sequence == sequence), "sequences have gaps");
        let mut kept: Vec<_> = rows.into_iter().map(|row| (row.answer.annotator, row.answer.question)).collect();
        let count = kept.len();
        kept.sort_unstable();
        kept.dedup();
        assert_eq!(kept.len(), count, "an answer is there twice");
        let lost: Vec<_> = told.iter().filter(|answer| kept.binary_search(answer).is_err()).collect();
        assert!(lost.is_empty(), "lost {lost:?}");
        // At most one answer a kill is in the ledger without the child having come to say so.
        assert!(count <= told.len() + kill + 1, "{count} rows for {} answers", told.len());
    }
}

#[test]
fn processes_that_write_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    Ledger::open(folder.path()).unwrap().ask(&questions(150)).unwrap();
    let mut children = ["ann", "ben"].map(|annotator| spawn(folder.path(), annotator, "all"));
    for child in &mut children {
        assert_eq!(recorded(child).iter().count(), 150);
        assert!(child.wait().unwrap().success());
    }
    let ledger = Ledger::open(folder.path()).unwrap();
    assert_eq!(ledger.since(0).unwrap().len(), 300);
    assert!(ledger.unanswered(2).unwrap().is_empty());
}

#[test]
fn processes_that_lease_at_once_never_get_the_same_question() {
    let folder = tempfile::tempdir().unwrap();
    Ledger::open(folder.path()).unwrap().ask(&questions(200)).unwrap();
    let mut children = ["ann", "ben", "cat"].map(|annotator| spawn(folder.path(), annotator, "lease"));
    let mut answered: Vec<u64> = children.iter_mut().flat_map(|child| recorded(child).into_iter()).collect();
    assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    answered.sort_unstable();
    assert_eq!(answered, (1..=200).collect::<Vec<_>>());
    assert_eq!(Ledger::open(folder.path()).unwrap().since(0).unwrap().len(), 200);
}

#[test]
fn processes_that_create_the_ledger_at_once_agree() {
    for _ in 0..10 {
        let folder = tempfile::tempdir().unwrap();
        let mut children = ["ann", "ben", "cat"].map(|annotator| spawn(folder.path(), annotator, "all"));
        assert!(children.iter_mut().all(|child| child.wait().unwrap().success()));
    }
}
