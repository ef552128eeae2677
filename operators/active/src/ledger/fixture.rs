//! A ledger with questions, for the tests of its parts.

use relata_data::index::SampleId;
use relata_oracle::{Answer, Question};
use tempfile::TempDir;

use super::sqlite_ledger::Ledger;

/// A question about the sample `100 * number` and the ones that follow it.
pub(super) fn question(number: u64, priority: f32, candidates: u64) -> Question {
    let anchor = SampleId(100 * number);
    let candidates = (1..=candidates).map(|k| SampleId(anchor.0 + k)).collect();
    Question { question: number, round: 1, anchor, candidates, strategy: "test".to_owned(), priority }
}

/// An answer about one of its candidates.
pub(super) fn answer(question: u64, candidate: u64, related: Option<bool>, annotator: &str) -> Answer {
    Answer {
        question,
        anchor: SampleId(100 * question),
        candidate: SampleId(candidate),
        related,
        confidence: 0.75,
        oracle: "test".to_owned(),
        annotator: annotator.to_owned(),
        cost: 0.5,
        answered_at: 1_600_000_000_000_000 + candidate as i64,
    }
}

/// "Yes" for every candidate of a question.
pub(super) fn answers(question: &Question, annotator: &str) -> Vec<Answer> {
    question.candidates.iter().map(|&c| answer(question.question, c.0, Some(true), annotator)).collect()
}

/// A new ledger in a folder of its own.
pub(super) fn ledger(questions: &[Question]) -> (TempDir, Ledger) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(folder.path()).unwrap();
    ledger.ask(questions).unwrap();
    (folder, ledger)
}
