//! Answers in the ledger: recorded once, taken back by rows of their own, read in the order they came in.

use std::path::Path;
use std::sync::PoisonError;

use relata_data::index::SampleId;
use relata_oracle::{Answer, OracleError, Record};
use rusqlite::{Connection, params};

use super::answer_writer::AnswerWriter;
use super::error::LedgerError;
use super::sqlite_ledger::{Ledger, Spending};
use super::timestamp;
use crate::error::Result;

/// A row of the ledger: an answer, or that one is taken back.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerEntry {
    /// Its position in the ledger, ascending from 1.
    pub sequence: u64,
    /// The answer. If `undoes` is set, the one that is taken back, with the moment of that and at no cost.
    pub answer: Answer,
    /// The row that this one takes back.
    pub undoes: Option<u64>,
}

impl Record for Ledger {
    /// Writes answers down in one transaction. An answer whose annotator has a standing answer to the same question and
    /// candidate is passed over. [`OracleError::Answer`] if one is about something that was not asked, or has a
    /// confidence, cost or time that makes no sense; then none is written.
    fn record(&self, answers: &[Answer]) -> Result<(), OracleError> {
        Ok(Self::record(self, answers)?)
    }

    fn folder(&self) -> &Path {
        Self::folder(self)
    }

    fn heard(&self, question: u64) -> Result<Vec<(SampleId, String)>, OracleError> {
        let standing = "SELECT candidate, annotator FROM standing WHERE question = ?1 ORDER BY sequence";
        let heard = self.read(|transaction| {
            let mut statement = transaction.prepare_cached(standing)?;
            let heard = |row: &rusqlite::Row<'_>| Ok((SampleId(row.get::<_, i64>(0)?.cast_unsigned()), row.get(1)?));
            let rows = statement.query_map([question.cast_signed()], heard)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        Ok(heard)
    }
}

impl Ledger {
    /// Writes answers down; see the implementation of [`Record`].
    pub fn record(&self, answers: &[Answer]) -> Result<()> {
        self.write(|transaction| {
            let mut writer = AnswerWriter::new(transaction);
            for answer in answers {
                writer.answer(answer)?;
            }
            writer.finish()
        })
    }

    /// Takes back the standing answers of an annotator to a question by appending a row for each, and gives their
    /// number. The question is open to the annotator again; what the answers cost stays spent.
    pub fn undo(&self, question: u64, annotator: &str) -> Result<usize> {
        self.write(|transaction| {
            let standing = "SELECT sequence FROM standing WHERE question = ?1 AND annotator = ?2 ORDER BY sequence";
            let mut statement = transaction.prepare_cached(standing)?;
            let rows = statement.query_map(params![question.cast_signed(), annotator], |row| row.get(0))?;
            let rows: Vec<u64> = rows.collect::<Result<_, _>>()?;
            let (mut writer, now) = (AnswerWriter::new(transaction), timestamp::now());
            for &row in &rows {
                writer.undo(row, now)?;
            }
            writer.finish()?;
            Ok(rows.len())
        })
    }

    /// The rows after a sequence (0: all), ascending.
    pub fn since(&self, sequence: u64) -> Result<Vec<LedgerEntry>> {
        self.read(|transaction| since(transaction, sequence))
    }

    /// The rows after a sequence, each with the strategy that its question came from, up to the first row about a
    /// question of a round after `last`.
    pub fn of_rounds(&self, sequence: u64, last: u32) -> Result<Vec<(LedgerEntry, String)>> {
        let query = "
            SELECT a.*, q.strategy, q.round FROM answers AS a JOIN questions AS q ON q.question = a.question
            WHERE a.sequence > ?1 ORDER BY a.sequence";
        self.read(|transaction| {
            let mut statement = transaction.prepare_cached(query)?;
            let mut rows = statement.query([sequence.min(i64::MAX.cast_unsigned()).cast_signed()])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                if row.get::<_, u32>(12)? > last {
                    break;
                }
                found.push((read(row)?, row.get(11)?));
            }
            Ok(found)
        })
    }

    /// What all answers cost, also those that were undone.
    pub fn spent(&self) -> Result<f64> {
        let mut spent = self.shared.spent.lock().unwrap_or_else(PoisonError::into_inner);
        self.read(|transaction| {
            // Rows never change, so only those that are new are added up, in their order: the sum is always the same.
            let new = "SELECT sequence, cost FROM answers WHERE sequence > ?1 ORDER BY sequence";
            let mut statement = transaction.prepare_cached(new)?;
            let mut rows = statement.query([spent.sequence.cast_signed()])?;
            while let Some(row) = rows.next()? {
                *spent = Spending { sequence: row.get(0)?, cost: spent.cost + row.get::<_, f64>(1)? };
            }
            Ok(spent.cost)
        })
    }
}

/// The rows after a sequence, ascending.
pub(super) fn since(connection: &Connection, sequence: u64) -> Result<Vec<LedgerEntry>, LedgerError> {
    let mut statement = connection.prepare_cached("SELECT * FROM answers WHERE sequence > ?1 ORDER BY sequence")?;
    let rows = statement.query_map([sequence.min(i64::MAX.cast_unsigned()).cast_signed()], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &rusqlite::Row<'_>) -> rusqlite::Result<LedgerEntry> {
    Ok(LedgerEntry {
        sequence: row.get(0)?,
        answer: Answer {
            question: row.get(1)?,
            anchor: SampleId(row.get::<_, i64>(2)?.cast_unsigned()),
            candidate: SampleId(row.get::<_, i64>(3)?.cast_unsigned()),
            related: row.get(4)?,
            confidence: row.get::<_, f64>(5)? as f32,
            oracle: row.get(6)?,
            annotator: row.get(7)?,
            cost: row.get::<_, f64>(8)? as f32,
            answered_at: row.get(9)?,
        },
        undoes: row.get(10)?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{answer, answers, ledger, question};
    use super::*;

    #[test]
    fn an_answer_is_kept_once_in_the_order_it_came() {
        let asked = [question(1, 1.0, 3), question(2, 1.0, 1)];
        let (_folder, ledger) = ledger(&asked);
        let given =
            [answer(2, 201, None, "ann"), answer(1, 103, Some(true), "ann"), answer(1, 103, Some(false), "ben")];
        ledger.record(&given).unwrap();
        ledger.record(&[answer(1, 103, Some(false), "ann"), answer(1, 101, Some(true), "ann")]).unwrap();
        let rows = ledger.since(0).unwrap();
        assert_eq!(rows.iter().map(|row| row.sequence).collect::<Vec<_>>(), [1, 2, 3, 4]);
        let kept: Vec<_> = rows.into_iter().map(|row| row.answer).collect();
        assert_eq!(kept[..3], given);
        assert_eq!(kept[3].candidate, SampleId(101));
        assert_eq!(ledger.since(3).unwrap().len(), 1);
        assert_eq!(ledger.since(u64::MAX).unwrap(), []);
        let of_rounds = |sequence, last| ledger.of_rounds(sequence, last).unwrap();
        assert_eq!(of_rounds(3, 1).into_iter().map(|(row, _)| row).collect::<Vec<_>>(), ledger.since(3).unwrap());
        assert_eq!((of_rounds(0, 1).len(), of_rounds(0, 0).len(), &*of_rounds(0, 1)[0].1), (4, 0, "test"));
    }

    #[test]
    fn what_was_not_asked_or_makes_no_sense_is_refused_with_all_that_came_with_it() {
        let (_folder, ledger) = ledger(&[question(1, 1.0, 2)]);
        let refusal = |change: &dyn Fn(&mut Answer)| {
            let mut bad = answer(1, 101, Some(true), "ann");
            change(&mut bad);
            ledger.record(&[answer(1, 102, Some(true), "ann"), bad]).unwrap_err().to_string()
        };
        for (text, error) in [
            ("`test` failed at question 7: expected a question that was asked", refusal(&|a| a.question = 7)),
            (
                "question 1: expected a candidate of the question, found the candidate 5",
                refusal(&|a| a.candidate = SampleId(5)),
            ),
            ("found the anchor 3 instead of 100", refusal(&|a| a.anchor = SampleId(3))),
            ("expected a confidence in [0, 1], found 1.5", refusal(&|a| a.confidence = 1.5)),
            ("expected a confidence in [0, 1], found NaN", refusal(&|a| a.confidence = f32::NAN)),
            ("expected a finite cost of at least 0, found -1", refusal(&|a| a.cost = -1.0)),
            ("expected a time between 1677 and 2262", refusal(&|a| a.answered_at = i64::MAX)),
        ] {
            assert!(error.contains(text), "{error}");
        }
        assert_eq!(ledger.since(0).unwrap(), []);
    }

    #[test]
    fn undo_appends_rows_and_lets_the_annotator_answer_again() {
        let asked = [question(1, 1.0, 2), question(2, 1.0, 2)];
        let (_folder, ledger) = ledger(&asked);
        for question in &asked {
            ledger.record(&answers(question, "ann")).unwrap();
        }
        ledger.record(&answers(&asked[0], "ben")).unwrap();
        assert_eq!(ledger.undo(1, "ann").unwrap(), 2);
        assert_eq!(ledger.undo(1, "ann").unwrap(), 0);
        assert_eq!(ledger.undo(9, "ann").unwrap(), 0);
        let rows = ledger.since(6).unwrap();
        assert_eq!(rows.iter().map(|row| row.undoes).collect::<Vec<_>>(), [Some(1), Some(2)]);
        let undone =
            Answer { answered_at: rows[0].answer.answered_at, cost: 0.0, ..answers(&asked[0], "ann").remove(0) };
        assert_eq!(rows[0].answer, undone);

        ledger.record(&[answer(1, 101, Some(false), "ann")]).unwrap();
        ledger.record(&[answer(1, 101, Some(true), "ann")]).unwrap();
        let last = ledger.since(8).unwrap();
        assert_eq!(last.len(), 1);
        assert_eq!((last[0].answer.related, last[0].undoes), (Some(false), None));
        assert_eq!(ledger.undo(1, "ann").unwrap(), 1);
        assert_eq!(ledger.since(9).unwrap()[0].undoes, Some(9));
    }

    #[test]
    fn what_was_undone_stays_paid() {
        let asked = question(1, 1.0, 4);
        let (folder, ledger) = ledger(std::slice::from_ref(&asked));
        assert_eq!(ledger.spent().unwrap(), 0.0);
        ledger.record(&answers(&asked, "ann")[..3]).unwrap();
        assert_eq!(ledger.spent().unwrap(), 1.5);
        ledger.undo(1, "ann").unwrap();
        assert_eq!(ledger.spent().unwrap(), 1.5);
        ledger.record(&answers(&asked, "ann")).unwrap();
        assert_eq!(ledger.spent().unwrap(), 3.5);
        assert_eq!(Ledger::open(folder.path()).unwrap().spent().unwrap(), 3.5);
    }
}
