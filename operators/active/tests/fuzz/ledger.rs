//! A ledger into which damaged files are imported.

use std::path::Path;

use relata_active::ledger::{Ledger, export_answers, export_questions, import_answers};
use relata_data::index::SampleId;
use relata_oracle::{Answer, Question};
use tempfile::TempDir;

/// Questions that a run has asked, about ids of which one is as large as they get.
pub fn questions() -> Vec<Question> {
    let question = |number, anchor: u64, candidates: &[u64], priority| Question {
        question: number,
        round: 1,
        anchor: SampleId(anchor),
        candidates: SampleId::slice(candidates).to_vec(),
        strategy: "fuzz".to_owned(),
        priority,
    };
    vec![question(1, 100, &[101, 102], 0.5), question(2, 7, &[u64::MAX], -1.0), question(9, 0, &[1, 2, 3], 1e-30)]
}

/// A ledger of these questions and one answer, which is thrown away with its folder.
pub fn ledger() -> (TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path()).unwrap();
    ledger.ask(&questions()).unwrap();
    let answer = Answer { answered_at: 1_600_000_000_000_000, ..answer() };
    ledger.record(&[answer]).unwrap();
    (folder, ledger)
}

fn answer() -> Answer {
    Answer::now(&questions()[0], SampleId(101), Some(true), "ann", Default::default())
}

/// Whatever was imported can be read and written out, and comes in again.
pub fn read(ledger: &Ledger, folder: &Path) {
    let rows = ledger.since(0).unwrap();
    ledger.unanswered(3).unwrap();
    let (mut questions, mut answers) = (Vec::new(), Vec::new());
    export_questions(ledger, &mut questions).unwrap();
    export_answers(ledger, &mut answers).unwrap();
    let path = folder.join("again.jsonl");
    std::fs::write(&path, answers).unwrap();
    assert_eq!(import_answers(ledger, &path, "again").unwrap().new, 0);
    assert_eq!(ledger.since(0).unwrap().len(), rows.len());
}
