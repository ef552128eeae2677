//! Seals (a hash chain): every question and answer of the ledger has a hash of itself and of the seal before it, so that a
//! row that was changed, removed or put in between later is found.

use std::fmt;
use std::str::FromStr;

use ring::digest::{Context, SHA256};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde::{Deserialize, Serialize};

use super::error::LedgerError;
use super::schema;
use super::sqlite_ledger::Ledger;
use crate::error::Result;

pub(super) const TABLE: &str = "
    CREATE TABLE seals (
        position INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('question', 'answer')),
        row INTEGER NOT NULL,
        hash BLOB NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX seals_by_row ON seals (kind, row);
";

/// What a seal is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sealed {
    Question,
    Answer,
}

impl Sealed {
    fn name(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Answer => "answer",
        }
    }

    fn select(self) -> &'static str {
        match self {
            Self::Question => "SELECT * FROM questions WHERE question = ?1",
            Self::Answer => "SELECT * FROM answers WHERE sequence = ?1",
        }
    }
}

/// A seal of the ledger: how many rows there were, and the SHA-256 of all of them. Written down elsewhere, it tells later
/// whether these rows are still what they were ([`Ledger::holds`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Seal {
    /// Questions and answers up to here.
    pub rows: u64,
    hash: [u8; 32],
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.rows)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl From<Seal> for String {
    fn from(seal: Seal) -> Self {
        seal.to_string()
    }
}

impl TryFrom<String> for Seal {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Seal {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (rows, hash) = text.split_once(':')?;
            let mut bytes = [0; 32];
            if hash.len() != 64 || !hash.is_ascii() {
                return None;
            }
            for (at, byte) in bytes.iter_mut().enumerate() {
                *byte = u8::from_str_radix(&hash[2 * at..2 * at + 2], 16).ok()?;
            }
            Some(Self { rows: rows.parse().ok()?, hash: bytes })
        };
        read().ok_or_else(|| {
            format!("expected a seal such as 120:9f86d0.. (rows, and 64 hexadecimal digits), found `{text}`")
        })
    }
}

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
        self.read(|transaction| last(transaction))
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

/// Seals a row that was just written.
pub(super) fn append(transaction: &Transaction<'_>, kind: Sealed, row: i64) -> Result<(), LedgerError> {
    let before = last(transaction)?;
    let hash =
        transaction.prepare_cached(kind.select())?.query_row([row], |found| hash(before.as_ref(), kind, found))?;
    let insert = "INSERT INTO seals VALUES (?1, ?2, ?3, ?4)";
    let position = before.map_or(0, |seal| seal.rows) + 1;
    transaction.prepare_cached(insert)?.execute(params![position.cast_signed(), kind.name(), row, hash])?;
    Ok(())
}

/// Seals all rows of a ledger that has no seals yet.
pub(super) fn append_all(transaction: &Transaction<'_>) -> Result<(), LedgerError> {
    for (kind, keys) in [
        (Sealed::Question, "SELECT question FROM questions ORDER BY question"),
        (Sealed::Answer, "SELECT sequence FROM answers ORDER BY sequence"),
    ] {
        let keys: Vec<i64> = transaction.prepare(keys)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
        keys.into_iter().try_for_each(|key| append(transaction, kind, key))?;
    }
    Ok(())
}

fn last(connection: &Connection) -> Result<Option<Seal>, LedgerError> {
    let last = "SELECT position, hash FROM seals ORDER BY position DESC LIMIT 1";
    Ok(connection.prepare_cached(last)?.query_row([], seal).optional()?)
}

fn seal(row: &Row<'_>) -> rusqlite::Result<Seal> {
    Ok(Seal { rows: row.get(0)?, hash: row.get::<_, [u8; 32]>(1)? })
}

/// SHA-256 of the seal before, and of every value of a row with its type and length.
fn hash(before: Option<&Seal>, kind: Sealed, row: &Row<'_>) -> rusqlite::Result<[u8; 32]> {
    let mut hasher = Context::new(&SHA256);
    hasher.update(&before.map_or([0; 32], |seal| seal.hash));
    hasher.update(kind.name().as_bytes());
    for column in 0..row.as_ref().column_count() {
        let mut value = |kind: u8, bytes: &[u8]| {
            hasher.update(&[kind]);
            hasher.update(&(bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
        };
        match row.get_ref(column)? {
            ValueRef::Null => value(0, &[]),
            ValueRef::Integer(number) => value(1, &number.to_le_bytes()),
            ValueRef::Real(number) => value(2, &number.to_bits().to_le_bytes()),
            ValueRef::Text(text) => value(3, text),
            ValueRef::Blob(bytes) => value(4, bytes),
        }
    }
    Ok(<[u8; 32]>::try_from(hasher.finish().as_ref()).expect("SHA-256 has 32 bytes"))
}

fn audit(connection: &Connection) -> Result<LedgerAudit, LedgerError> {
    let count = |table: &str| {
        let query = format!("SELECT COUNT(*) FROM {table}");
        connection.query_row(&query, [], |row| row.get::<_, u64>(0))
    };
    let mut findings = schema::differences(connection)?;
    let mut seals = connection.prepare("SELECT position, hash, kind, row FROM seals ORDER BY position")?;
    let mut rows = seals.query([])?;
    let (mut before, mut sealed): (Option<Seal>, [u64; 2]) = (None, [0; 2]);
    while let Some(row) = rows.next()? {
        let (found, kind, key) = (seal(row)?, row.get::<_, String>(2)?, row.get::<_, i64>(3)?);
        let kind = if kind == Sealed::Question.name() { Sealed::Question } else { Sealed::Answer };
        let expected = before.map_or(0, |seal| seal.rows) + 1;
        if found.rows != expected {
            findings.push(format!("seals {expected} to {} are missing", found.rows - 1));
        }
        let query = connection.prepare_cached(kind.select())?.query_row([key], |row| hash(before.as_ref(), kind, row));
        match query.optional()? {
            None => findings.push(format!("{} {key} was removed", kind.name())),
            Some(hash) if hash != found.hash => {
                findings.push(format!("{} {key}, or the seal before it, was changed", kind.name()));
            }
            Some(_) => sealed[kind as usize] += 1,
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
        let before = "DROP TABLE seals; ALTER TABLE leases DROP COLUMN granted; PRAGMA user_version = 1";
        outside.execute_batch(before).unwrap();
        drop(outside);
        let audit = Ledger::open(folder.path()).unwrap().audit().unwrap();
        assert_eq!((audit.seal.map(|seal| seal.rows), audit.findings), (Some(3), vec![]));
    }
}
