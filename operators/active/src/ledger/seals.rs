//! Seals (a hash chain): every question and answer of the ledger has a hash of itself and of the seal before it, so that a
//! row that was changed, removed or put in between later is found.

use std::fmt;
use std::str::FromStr;

use ring::digest::{Context, SHA256};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::error::LedgerError;

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
    pub fn name(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Answer => "answer",
        }
    }

    pub fn select(self) -> &'static str {
        match self {
            Self::Question => "SELECT * FROM questions WHERE question = ?1",
            Self::Answer => "SELECT * FROM answers WHERE sequence = ?1",
        }
    }
}

/// A seal of the ledger: how many rows there were, and the SHA-256 of all of them. Written down elsewhere, it tells later
/// whether these rows are still what they were ([`holds`](super::Ledger::holds)).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal {
    /// Questions and answers up to here.
    pub rows: u64,
    pub(super) hash: [u8; 32],
}

impl fmt::Display for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.rows)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
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

/// A ledger of the first layout has none where nothing can be written.
pub(super) fn has_seals(connection: &Connection) -> Result<bool, LedgerError> {
    let table = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'seals'";
    Ok(connection.prepare_cached(table)?.exists([])?)
}

pub(super) fn last(connection: &Connection) -> Result<Option<Seal>, LedgerError> {
    let last = "SELECT position, hash FROM seals ORDER BY position DESC LIMIT 1";
    Ok(connection.prepare_cached(last)?.query_row([], seal).optional()?)
}

pub(super) fn seal(row: &Row<'_>) -> rusqlite::Result<Seal> {
    Ok(Seal { rows: row.get(0)?, hash: row.get::<_, [u8; 32]>(1)? })
}

/// SHA-256 of the seal before, and of every value of a row with its type and length.
pub(super) fn hash(before: Option<&Seal>, kind: Sealed, row: &Row<'_>) -> rusqlite::Result<[u8; 32]> {
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
