//! Answer writer: writes answers within a transaction, and updates the progress and leases that depend on them.

use std::collections::{BTreeMap, BTreeSet};

use relata_data::index::SampleId;
use relata_oracle::{Answer, Question};
use rusqlite::{OptionalExtension, Transaction, params};

use super::error::{LedgerError, Refusal};
use super::seals::{self, Sealed};
use super::{questions, timestamp};

pub(super) const STANDING: &str = "SELECT sequence, related, oracle, answered_at FROM standing WHERE question = ?1 AND candidate = ?2 AND annotator = ?3";
pub(super) const LEAST: &str = "
    UPDATE progress SET least = (
        SELECT CASE WHEN COUNT(*) < progress.size THEN 0 ELSE MIN(answered) END
        FROM (SELECT COUNT(*) AS answered FROM standing WHERE question = ?1 GROUP BY candidate)
    ) WHERE question = ?1";
pub(super) const COMPLETE: &str = "
    SELECT (SELECT COUNT(*) FROM standing WHERE annotator = ?2 AND question = ?1) >= size
    FROM progress WHERE question = ?1";
const SAME_MOMENT: &str = "
    SELECT sequence FROM answers
    WHERE question = ?1 AND candidate = ?2 AND annotator = ?3 AND answered_at = ?4 AND undoes IS NULL ORDER BY sequence";

/// Answers that go into the ledger together.
pub(super) struct AnswerWriter<'t> {
    transaction: &'t Transaction<'t>,
    asked: BTreeMap<u64, Option<AskedQuestion>>,
    touched: BTreeSet<(u64, String)>,
}

/// An answer that is in the ledger and was not taken back.
pub(super) struct Standing {
    pub row: u64,
    pub related: Option<bool>,
    pub oracle: String,
    pub answered_at: i64,
}

struct AskedQuestion {
    anchor: SampleId,
    candidates: BTreeSet<SampleId>,
}

impl From<Question> for AskedQuestion {
    fn from(question: Question) -> Self {
        Self { anchor: question.anchor, candidates: question.candidates.into_iter().collect() }
    }
}

impl<'t> AnswerWriter<'t> {
    /// Starts within a transaction; [`AnswerWriter::finish`] must follow.
    pub fn new(transaction: &'t Transaction<'t>) -> Self {
        Self { transaction, asked: BTreeMap::new(), touched: BTreeSet::new() }
    }

    /// The anchor of a question, if it was asked.
    pub fn anchor(&mut self, question: u64) -> Result<Option<SampleId>, LedgerError> {
        Ok(self.asked(question)?.as_ref().map(|asked| asked.anchor))
    }

    /// Writes an answer, unless its annotator has a standing one; gives its row if it is new.
    pub fn answer(&mut self, answer: &Answer) -> Result<Option<u64>, LedgerError> {
        self.check(answer)?;
        let key = params![answer.question.cast_signed(), answer.candidate.0.cast_signed(), answer.annotator];
        if self.transaction.prepare_cached(STANDING)?.exists(key)? {
            return Ok(None);
        }
        let insert = "INSERT INTO answers VALUES (NULL, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, NULL)";
        let row = self.transaction.prepare_cached(insert)?.insert(params![
            answer.question.cast_signed(),
            answer.anchor.0.cast_signed(),
            answer.candidate.0.cast_signed(),
            answer.related,
            f64::from(answer.confidence),
            answer.oracle,
            answer.annotator,
            f64::from(answer.cost),
            answer.answered_at,
        ])?;
        seals::append(self.transaction, Sealed::Answer, row)?;
        self.touch(answer.question, &answer.annotator);
        Ok(Some(row.cast_unsigned()))
    }

    /// What the annotator of an answer has said about its candidate and not taken back.
    pub fn standing(&self, answer: &Answer) -> Result<Option<Standing>, LedgerError> {
        let key = params![answer.question.cast_signed(), answer.candidate.0.cast_signed(), answer.annotator];
        let standing = |row: &rusqlite::Row<'_>| {
            Ok(Standing { row: row.get(0)?, related: row.get(1)?, oracle: row.get(2)?, answered_at: row.get(3)? })
        };
        Ok(self.transaction.prepare_cached(STANDING)?.query_row(key, standing).optional()?)
    }

    /// The last row so far; 0 if there is none.
    pub fn last_row(&self) -> Result<u64, LedgerError> {
        let last = "SELECT COALESCE(MAX(sequence), 0) FROM answers";
        Ok(self.transaction.query_row(last, [], |row| row.get(0))?)
    }

    /// The rows of answers that the same annotator gave at the same moment, undone or not.
    pub fn same_moment(&self, answer: &Answer) -> Result<Vec<u64>, LedgerError> {
        let mut statement = self.transaction.prepare_cached(SAME_MOMENT)?;
        let (question, candidate) = (answer.question.cast_signed(), answer.candidate.0.cast_signed());
        let rows = statement.query_map(params![question, candidate, answer.annotator, answer.answered_at], |row| {
            row.get::<_, u64>(0)
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Takes back the row of an answer; false if that has happened already.
    pub fn undo(&mut self, row: u64, at: i64) -> Result<bool, LedgerError> {
        let undo = "
            INSERT INTO answers
            SELECT NULL, question, anchor, candidate, related, confidence, oracle, annotator, 0, ?2, sequence
            FROM standing WHERE sequence = ?1 RETURNING question, annotator, sequence";
        let mut statement = self.transaction.prepare_cached(undo)?;
        let undone = statement.query_row(params![row.cast_signed(), at], |row| {
            Ok(((row.get::<_, u64>(0)?, row.get::<_, String>(1)?), row.get::<_, i64>(2)?))
        });
        let Some((touched, own_row)) = undone.optional()? else { return Ok(false) };
        seals::append(self.transaction, Sealed::Answer, own_row)?;
        self.touched.insert(touched);
        Ok(true)
    }

    /// Brings progress and leases up to date.
    pub fn finish(self) -> Result<(), LedgerError> {
        let mut questions: Vec<u64> = self.touched.iter().map(|touched| touched.0).collect();
        questions.dedup();
        for question in questions {
            self.transaction.prepare_cached(LEAST)?.execute([question.cast_signed()])?;
        }
        for (question, annotator) in &self.touched {
            let key = params![question.cast_signed(), annotator];
            if self.transaction.prepare_cached(COMPLETE)?.query_row(key, |row| row.get(0))? {
                let done = "DELETE FROM holds WHERE question = ?1 AND annotator = ?2";
                self.transaction.prepare_cached(done)?.execute(key)?;
            }
        }
        Ok(())
    }

    fn touch(&mut self, question: u64, annotator: &str) {
        // Answers of one annotator to one question mostly come together.
        if !matches!(self.touched.last(), Some((q, a)) if *q == question && a == annotator) {
            self.touched.insert((question, annotator.to_owned()));
        }
    }

    fn asked(&mut self, question: u64) -> Result<&Option<AskedQuestion>, LedgerError> {
        if !self.asked.contains_key(&question) {
            let found = questions::find(self.transaction, question)?;
            self.asked.insert(question, found.map(AskedQuestion::from));
        }
        Ok(&self.asked[&question])
    }

    fn check(&mut self, answer: &Answer) -> Result<(), LedgerError> {
        let Answer { question, anchor, candidate, confidence, cost, answered_at, .. } = answer;
        let asked = self.asked(*question)?;
        let (expected, found, hint) = match asked {
            None => ("a question that was asked", "a question that the ledger does not have".to_owned(), UNASKED),
            Some(asked) if asked.anchor != *anchor => {
                ("the question's anchor", format!("the anchor {anchor} instead of {}", asked.anchor), UNASKED)
            }
            Some(asked) if !asked.candidates.contains(candidate) => {
                ("a candidate of the question", format!("the candidate {candidate}"), UNASKED)
            }
            _ if !(0.0..=1.0).contains(confidence) => {
                ("a confidence in [0, 1]", format!("{confidence} for candidate {candidate}"), UNSOUND)
            }
            _ if !(0.0..f32::INFINITY).contains(cost) => {
                ("a finite cost of at least 0", format!("{cost} for candidate {candidate}"), UNSOUND)
            }
            _ if !timestamp::is_sound(*answered_at) => {
                ("a time between 1677 and 2262", format!("{answered_at} us for candidate {candidate}"), UNSOUND)
            }
            _ => return Ok(()),
        };
        let (oracle, expected) = (Some(answer.oracle.clone()), expected.to_owned());
        Err(Refusal { oracle, question: *question, expected, found, hint }.into())
    }
}

const UNASKED: &str = "Answer only what was asked, by the numbers and ids of the question.";
const UNSOUND: &str = "The oracle has to give a sound value.";

#[cfg(test)]
mod tests {
    use super::super::fixture::{ledger, question};
    use super::super::{Ledger, questions as other};
    use super::*;

    /// What SQLite would do for a query.
    fn plan(ledger: &Ledger, query: &str, parameters: usize) -> Vec<String> {
        let explain = format!("EXPLAIN QUERY PLAN {query}");
        let plan = ledger.write(|transaction| {
            let mut statement = transaction.prepare(&explain)?;
            let parameters = rusqlite::params_from_iter((0..parameters).map(|_| 1));
            Ok(statement.query_map(parameters, |row| row.get(3))?.collect::<Result<_, _>>()?)
        });
        plan.unwrap()
    }

    #[test]
    fn nothing_that_is_done_for_each_answer_scans_a_table() {
        let (_folder, ledger) = ledger(&[question(1, 1.0, 2)]);
        let lease = super::super::lease::in_order(2);
        for (query, parameters) in
            [(STANDING, 3), (LEAST, 1), (COMPLETE, 2), (SAME_MOMENT, 4), (other::OPEN, 1), (&lease, 3)]
        {
            let plan = plan(&ledger, query, parameters);
            // The counts of a question's candidates are scanned after they were found by an index.
            let scans = plan.iter().filter(|step| step.starts_with("SCAN") && !step.contains("subquery"));
            assert_eq!(scans.count(), 0, "{query}: {plan:#?}");
        }
        let lease = plan(&ledger, &lease, 3);
        assert!(!lease.iter().any(|step| step.contains("TEMP B-TREE")), "{lease:#?}");
    }
}
