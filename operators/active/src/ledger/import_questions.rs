//! Import of questions: which questions from elsewhere a run can take in.

use std::path::Path;

use relata_data::index::SampleId;
use relata_oracle::Question;

use super::error::{LedgerError, Refusal};
use super::json_lines::{Imported, lines};
use super::questions;
use super::sqlite_ledger::Ledger;
use crate::error::Result;

/// The largest number of an imported question: the run's own come after it, and JSON carries it exactly.
const LARGEST: u64 = 1 << 53;

/// Reads a file of questions about samples that `is_sample` knows. They belong to a round that the run has come to, or,
/// where it has asked nothing yet, to rounds from 1 on. Nothing is imported if a line is broken, or has the number of
/// another question ([`DataError::Unreadable`], which names the line).
///
/// [`DataError::Unreadable`]: relata_data::DataError::Unreadable
pub fn import_questions(ledger: &Ledger, path: &Path, is_sample: &dyn Fn(SampleId) -> bool) -> Result<Imported> {
    ledger.write(|transaction| {
        let mut imported = Imported::default();
        let asked = questions::last_round(transaction)?;
        let mut last = asked.unwrap_or_default();
        let expected = "a question: {\"question\", \"round\", \"anchor\", \"candidates\", \"strategy\", \"priority\"}";
        lines(path, expected, |question: Question| {
            let most = asked.unwrap_or(last + 1);
            last = last.max(question.round);
            check_imported(&question, most, is_sample)?;
            imported.count(questions::insert(transaction, &question)?);
            Ok(())
        })?;
        Ok(imported)
    })
}

/// Answers to a question of a later round would hide those of this round from a run that goes on.
fn check_imported(question: &Question, most: u32, is_sample: &dyn Fn(SampleId) -> bool) -> Result<(), LedgerError> {
    let mut samples = [question.anchor].into_iter().chain(question.candidates.iter().copied());
    let (expected, found, hint) = if question.question > LARGEST {
        ("a number of at most 2^53".to_owned(), question.question.to_string(), "Number questions from 1 on.")
    } else if !(1..=most).contains(&question.round) {
        let hint = "Give the question the round that the run is in.";
        (format!("a round from 1 to {most}"), format!("round {}", question.round), hint)
    } else if let Some(stranger) = samples.find(|&id| !is_sample(id)) {
        ("ids of the run's samples".to_owned(), format!("the id {stranger}"), "See the column `id` of `samples`.")
    } else {
        return Ok(());
    };
    Err(Refusal { oracle: None, question: question.question, expected, found, hint }.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::fixture::{ledger, question};
    use super::*;

    #[test]
    fn questions_that_a_run_cannot_ask_now_are_refused() {
        let (folder, known) = ledger(&[question(1, 0.5, 2)]);
        let path = folder.path().join("questions.jsonl");
        let line = |number: u64, round: u32, anchor: u64| json!({ "question": number, "round": round, "anchor": anchor, "candidates": [101], "strategy": "mine", "priority": 1.0 });
        let import = |lines: &[serde_json::Value]| {
            std::fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).unwrap();
            import_questions(&known, &path, &|id| id < SampleId(1000))
        };
        for (line, text) in [
            (line(2, 2, 100), "a round from 1 to 1, found round 2"),
            (line(2, 0, 100), "a round from 1 to 1, found round 0"),
            (line(2, 1, 1000), "ids of the run's samples, found the id 1000"),
            (line(1 << 60, 1, 100), "at most 2^53"),
        ] {
            let error = import(&[line]).unwrap_err().to_string();
            assert!(error.contains(text) && error.contains("in line 1 "), "{error}");
        }
        assert_eq!(import(&[line(2, 1, 100)]).unwrap().new, 1);
        // Where nothing was asked, the rounds of another run may follow each other.
        let (_other, empty) = ledger(&[]);
        let rounds: String = (1..4).map(|round| format!("{}\n", line(u64::from(round), round, 100))).collect();
        std::fs::write(&path, rounds).unwrap();
        assert_eq!(import_questions(&empty, &path, &|_| true).unwrap().new, 3);
    }
}
