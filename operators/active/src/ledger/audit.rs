//! Audit of the ledger: whether every question and answer is what was written, by their [seals](super::seals).

use rusqlite::{Connection, OptionalExtension};

use super::error::LedgerError;
use super::schema;
use super::seals::{Seal, Sealed, has_seals, hash, last, seal};
use super::sqlite_ledger::Ledger;
use crate::error::Result;

/// What an audit of the ledger found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerAudit {
    /// Questions.
    pub questions: u64,
    /// Answers, and rows that take answers back.
    pub answers: u64,
    /// The last seal; none in an empty ledger.
    pub seal: Option<Seal>,
    /// What is not as it was written, in words; nothing in a sound ledger.
    pub findings: Vec<String>,
}

impl Ledger {
    /// The seal of all rows so far; none if there are none.
    pub fn seal(&self) -> Result<Option<Seal>> {
        self.read(|transaction| match has_seals(transaction)? {
            true => last(transaction),
            false => Ok(None),
        })
    }

    /// Whether the rows that a seal is about are still there and were not changed. It trusts the seals after it: see
    /// [`audit`](Self::audit).
    pub fn holds(&self, seal: &Seal) -> Result<bool> {
        let at = "SELECT hash FROM seals WHERE position = ?1";
        self.read(|transaction| {
            let hash =
                transaction.prepare_cached(at)?.query_row([seal.rows.cast_signed()], |row| row.get::<_, Vec<u8>>(0));
            Ok(hash.optional()?.is_some_and(|hash| hash == seal.hash))
        })
    }

    /// Computes every seal again, and compares the triggers that keep rows from being changed.
    pub fn audit(&self) -> Result<LedgerAudit> {
        self.read(|transaction| audit(transaction))
    }
}

fn audit(connection: &Connection) -> Result<LedgerAudit, LedgerError> {
    let count = |table: &str| {
        let query = format!("SELECT COUNT(*) FROM {table}");
        connection.query_row(&query, [], |row| row.get::<_, u64>(0))
    };
    if !has_seals(connection)? {
        let findings =
            vec!["it is of the first layout, without seals, and on a medium that cannot be written to".to_owned()];
        return Ok(LedgerAudit { questions: count("questions")?, answers: count("answers")?, seal: None, findings });
    }
    let mut findings = schema::differences(connection)?;
    let mut seals = connection.prepare("SELECT position, hash, kind, row FROM seals ORDER BY position")?;
    let mut rows = seals.query([])?;
    let mut before: Option<Seal> = None;
    while let Some(row) = rows.next()? {
        let (found, kind, key) = (seal(row)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?);
        let kind = if kind == Sealed::Question.name() { Sealed::Question } else { Sealed::Answer };
        let expected = before.map_or(0, |seal| seal.rows) + 1;
        if found.rows != expected {
            findings.push(format!("seals {expected} to {} are missing", found.rows - 1));
        }
        let again = connection.prepare_cached(kind.select())?.query_row([key], |row| hash(before.as_ref(), kind, row));
        match again.optional()? {
            None => findings.push(format!("{} {key} was removed", kind.name())),
            Some(hash) if hash != found.hash => {
                findings.push(format!("{} {key}, or the seal before it, was changed", kind.name()));
            }
            Some(_) => {}
        }
        before = Some(found);
    }
    let (questions, answers) = (count("questions")?, count("answers")?);
    for (kind, key, table) in [(Sealed::Question, "question", "questions"), (Sealed::Answer, "sequence", "answers")] {
        let unsealed = format!(
            "SELECT COUNT(*) FROM {table} WHERE {key} NOT IN (SELECT row FROM seals WHERE kind = '{}')",
            kind.name()
        );
        let unsealed: u64 = connection.query_row(&unsealed, [], |row| row.get(0))?;
        if unsealed > 0 {
            findings.push(format!("{unsealed} of {} {table} have no seal", count(table)?));
        }
    }
    Ok(LedgerAudit { questions, answers, seal: before, findings })
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{answer, answers, ledger, question};
    use super::super::sqlite_ledger::FILE;
    use super::*;

    /// What an audit finds after somebody has worked on the file with SQLite's own tools.
    fn after(change: &str) -> Vec<String> {
        let (folder, ledger) = ledger(&[question(1, 1.0, 3), question(2, 1.0, 2)]);
        ledger.record(&answers(&question(1, 1.0, 3), "ann")).unwrap();
        ledger.undo(1, "ann").unwrap();
        let outside = Connection::open(folder.path().join(FILE)).unwrap();
        outside.pragma_update(None, "foreign_keys", false).unwrap();
        outside.execute_batch(change).unwrap();
        ledger.audit().unwrap().findings
    }

    #[test]
    fn a_ledger_as_it_was_written_is_sound() {
        let (folder, ledger) = ledger(&[question(1, 1.0, 2)]);
        let first = ledger.seal().unwrap().unwrap();
        ledger.record(&[answer(1, 101, Some(true), "ann")]).unwrap();
        let audit = ledger.audit().unwrap();
        assert_eq!((audit.questions, audit.answers, audit.findings), (1, 1, vec![]));
        let seal = audit.seal.unwrap();
        assert_eq!((first.rows, seal.rows, seal), (1, 2, seal.to_string().parse().unwrap()));
        assert!(ledger.holds(&first).unwrap() && ledger.holds(&seal).unwrap());
        assert!(!ledger.holds(&Seal { rows: 1, ..seal }).unwrap() && !ledger.holds(&Seal { rows: 9, ..seal }).unwrap());
        assert!("2:00".parse::<Seal>().is_err() && "x".parse::<Seal>().is_err());
        let other = tempfile::tempdir().unwrap();
        ledger.copy_to(other.path()).unwrap();
        assert_eq!(Ledger::open(other.path()).unwrap().audit().unwrap().seal, Some(seal));
        drop(folder);
    }

    #[test]
    fn whatever_was_changed_behind_the_back_of_the_ledger_is_found() {
        assert_eq!(after(""), [""; 0]);
        let without = |trigger: &str, change: &str| after(&format!("DROP TRIGGER {trigger}; {change}"));
        let changed = without("answers_fixed", "UPDATE answers SET related = 0 WHERE sequence = 2");
        assert!(
            changed[0].contains("answers_fixed") && changed[1].contains("answer 2, or the seal before it"),
            "{changed:?}"
        );
        let removed = without("answers_keep", "DELETE FROM answers WHERE sequence = 6");
        assert!(removed.iter().any(|found| found == "answer 6 was removed"), "{removed:?}");
        let added = after("INSERT INTO answers SELECT NULL, 2, 200, 201, 1, 1, 'x', 'eve', 0, 0, NULL");
        assert_eq!(added, ["1 of 7 answers have no seal"]);
        let seals = without("seals_keep", "DELETE FROM seals WHERE position = 3");
        assert!(seals.iter().any(|found| found == "seals 3 to 3 are missing"), "{seals:?}");
        let priority = without("questions_fixed", "UPDATE questions SET priority = 9 WHERE question = 2");
        assert!(priority.iter().any(|found| found.contains("question 2")), "{priority:?}");
    }

    #[test]
    fn a_ledger_of_the_first_layout_is_sealed_when_it_is_opened() {
        let (folder, ledger) = ledger(&[question(1, 1.0, 2)]);
        ledger.record(&answers(&question(1, 1.0, 2), "ann")).unwrap();
        drop(ledger);
        let outside = Connection::open(folder.path().join(FILE)).unwrap();
        let before = "DROP TABLE seals; DROP TABLE holds; PRAGMA user_version = 1";
        outside.execute_batch(before).unwrap();
        drop(outside);
        let audit = Ledger::open(folder.path()).unwrap().audit().unwrap();
        assert_eq!((audit.seal.map(|seal| seal.rows), audit.findings), (Some(3), vec![]));
    }
}
