//! SQLite schema of the ledger, and how its file is opened.

use std::collections::BTreeMap;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::error::{DAMAGED, LedgerError};
use super::seals;

/// The layout of the file, kept in its `user_version`.
const VERSION: i64 = 2;
/// The layout before: without seals, and leases without the moment they were granted at.
const UNSEALED: i64 = 1;
/// Kept in the file's `application_id`: "Rela" in ASCII.
const APPLICATION: i64 = 0x5265_6c61;
/// How long a connection waits for another one to finish writing.
const PATIENCE: Duration = Duration::from_secs(10);

/// `progress` counts, for each question, the standing answers of its least answered candidate; its order is the order
/// in which questions are asked (`rank` is the negated priority). `cursors` remember, for each annotator and number of
/// answers wanted, up to where in that order nothing is left to lease, so that a lease does not look at all that the
/// annotator has answered already; the triggers set them back when a question there becomes open again.
const TABLES: &str = "
    CREATE TABLE questions (
        question INTEGER PRIMARY KEY,
        round INTEGER NOT NULL,
        anchor INTEGER NOT NULL,
        candidates TEXT NOT NULL,
        strategy TEXT NOT NULL,
        priority REAL NOT NULL
    ) STRICT;
    CREATE TABLE answers (
        sequence INTEGER PRIMARY KEY,
        question INTEGER NOT NULL REFERENCES questions,
        anchor INTEGER NOT NULL,
        candidate INTEGER NOT NULL,
        related INTEGER CHECK (related IN (0, 1)),
        confidence REAL NOT NULL,
        oracle TEXT NOT NULL,
        annotator TEXT NOT NULL,
        cost REAL NOT NULL,
        answered_at INTEGER NOT NULL,
        undoes INTEGER REFERENCES answers
    ) STRICT;
    CREATE INDEX answers_by_candidate ON answers (question, candidate, annotator);
    CREATE INDEX answers_by_annotator ON answers (annotator, question);
    CREATE UNIQUE INDEX answers_undone ON answers (undoes) WHERE undoes IS NOT NULL;
    CREATE VIEW standing AS
        SELECT a.* FROM answers AS a
        WHERE a.undoes IS NULL AND NOT EXISTS (SELECT 1 FROM answers AS u WHERE u.undoes = a.sequence);

    CREATE TABLE progress (
        question INTEGER PRIMARY KEY REFERENCES questions,
        round INTEGER NOT NULL,
        rank REAL NOT NULL,
        size INTEGER NOT NULL,
        least INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX progress_in_order ON progress (least, round, rank, question);
    CREATE TABLE cursors (
        annotator TEXT NOT NULL,
        wanted INTEGER NOT NULL,
        round INTEGER NOT NULL,
        rank REAL NOT NULL,
        question INTEGER NOT NULL,
        PRIMARY KEY (annotator, wanted)
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER progress_added AFTER INSERT ON progress BEGIN
        UPDATE cursors SET round = new.round, rank = new.rank, question = new.question - 1
        WHERE (round, rank, question) >= (new.round, new.rank, new.question);
    END;
    CREATE TRIGGER progress_reopened AFTER UPDATE OF least ON progress WHEN new.least < old.least BEGIN
        UPDATE cursors SET round = new.round, rank = new.rank, question = new.question - 1
        WHERE (round, rank, question) >= (new.round, new.rank, new.question);
    END;
";

/// Questions that are kept for somebody, from when until when. A ledger of the first layout also has a table `leases`, which
/// a program of then may go on using.
const LEASES: &str = "
    CREATE TABLE holds (
        annotator TEXT PRIMARY KEY,
        question INTEGER NOT NULL REFERENCES questions,
        until INTEGER NOT NULL,
        granted INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX holds_by_question ON holds (question);
";

/// What makes reading faster, and a file of an earlier program lacks.
const INDEXES: &str = "CREATE INDEX IF NOT EXISTS questions_by_round ON questions (round)";

/// Refuses every change of what was written; the last refusal of each table is about `INSERT OR REPLACE`.
const APPEND_ONLY: &str = "
    CREATE TRIGGER TABLE_keep BEFORE DELETE ON TABLE BEGIN
        SELECT RAISE(ABORT, 'TABLE is append-only: a row cannot be deleted');
    END;
    CREATE TRIGGER TABLE_fixed BEFORE UPDATE ON TABLE BEGIN
        SELECT RAISE(ABORT, 'TABLE is append-only: a row cannot be changed');
    END;
    CREATE TRIGGER TABLE_once BEFORE INSERT ON TABLE WHEN EXISTS (SELECT 1 FROM TABLE WHERE KEY = new.KEY) BEGIN
        SELECT RAISE(ABORT, 'TABLE is append-only: a row cannot be replaced');
    END;
";

/// Tables that are append-only, with their keys.
const KEPT: [(&str, &str); 3] = [("questions", "question"), ("answers", "sequence"), ("seals", "position")];

enum FileState {
    Empty,
    Unsealed,
    Ours,
}

/// Opens or creates the file: a connection that writes, and one that only reads. On a medium that cannot be written to,
/// neither writes.
pub(super) fn open(path: &Path) -> Result<(Connection, Connection), LedgerError> {
    use ErrorCode::{CannotOpen, PermissionDenied, ReadOnly};

    match open_to_write(path) {
        Err(LedgerError::Sqlite(error))
            if path.is_file()
                && matches!(error.sqlite_error_code(), Some(CannotOpen | PermissionDenied | ReadOnly)) =>
        {
            Ok((open_to_read(path)?, open_to_read(path)?))
        }
        opened => opened,
    }
}

/// A connection that only reads a file, whatever its name is.
pub(super) fn reader(path: &Path) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(PATIENCE)?;
        // Opening a file does not read it.
        connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0))?;
        Ok(connection)
    });
    match opened {
        Ok(connection) => Ok(connection),
        Err(_) => open_to_read(path),
    }
}

/// Opens the file without the files that SQLite keeps beside one.
fn open_to_read(path: &Path) -> Result<Connection, LedgerError> {
    let log = format!("{}-wal", path.display());
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        return Err(LedgerError::File {
            found: "its last answers are in the file answers.sqlite-wal, which can only be read with it where files can be written".to_owned(),
            hint: "Copy the folder of the run to a disk that can be written to.",
        });
    }
    let name = path.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)?;
    inspect(&connection)?;
    check(&connection)?;
    Ok(connection)
}

fn open_to_write(path: &Path) -> Result<(Connection, Connection), LedgerError> {
    let mut writer = connect(path, OpenFlags::SQLITE_OPEN_CREATE)?;
    // One transaction, so that what another process is creating is seen whole or not at all.
    let transaction = writer.transaction()?;
    let state = inspect(&transaction)?;
    drop(transaction);
    write_ahead(&writer)?;
    if !matches!(state, FileState::Ours) {
        create(&mut writer)?;
    }
    check(&writer)?;
    writer.execute_batch(INDEXES)?;
    let reader = connect(path, OpenFlags::empty())?;
    reader.pragma_update(None, "query_only", true)?;
    Ok((writer, reader))
}

fn check(connection: &Connection) -> Result<(), LedgerError> {
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    match verdict.as_str() {
        "ok" => Ok(()),
        _ => Err(LedgerError::File { found: format!("the file is damaged ({verdict})"), hint: DAMAGED }),
    }
}

fn connect(path: &Path, more: OpenFlags) -> Result<Connection, LedgerError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX | more;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}

/// Refuses a file that is not a ledger of this version or an empty one.
fn inspect(connection: &Connection) -> Result<FileState, LedgerError> {
    let number = |query: &str| connection.query_row(query, [], |row| row.get::<_, i64>(0));
    let (version, application) = (number("PRAGMA user_version")?, number("PRAGMA application_id")?);
    match (version, application) {
        (VERSION, APPLICATION) => Ok(FileState::Ours),
        (UNSEALED, APPLICATION) => Ok(FileState::Unsealed),
        (newer, APPLICATION) if newer > VERSION => Err(LedgerError::File {
            found: format!("its layout has version {newer}, and this program knows version {VERSION}"),
            hint: "It was written by a newer Relata: update this one.",
        }),
        (0, 0) if number("SELECT COUNT(*) FROM sqlite_schema")? == 0 => Ok(FileState::Empty),
        _ => Err(LedgerError::File {
            found: format!(
                "expected a ledger of version {VERSION}, found application {application:#x}, version {version}"
            ),
            hint: "The file belongs to another program: move it away, or name the folder of a run.",
        }),
    }
}

/// Turns write-ahead logging on. SQLite does not wait for other connections here if waiting could be a deadlock, which
/// happens when several processes open a new ledger at once.
fn write_ahead(connection: &Connection) -> Result<(), LedgerError> {
    let start = Instant::now();
    let mode = loop {
        match connection.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get::<_, String>(0)) {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && start.elapsed() < PATIENCE => {
                sleep(Duration::from_millis(5));
            }
            other => break other?,
        }
    };
    if mode != "wal" {
        return Err(LedgerError::File {
            found: format!("write-ahead logging could not be turned on (the journal's mode is `{mode}`)"),
            hint: "Keep the run on a local disk.",
        });
    }
    Ok(())
}

fn create(connection: &mut Connection) -> Result<(), LedgerError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have been faster.
    match inspect(&transaction)? {
        FileState::Ours => {}
        FileState::Empty => create_tables(&transaction)?,
        FileState::Unsealed => {
            transaction.execute_batch(seals::TABLE)?;
            transaction.execute_batch(LEASES)?;
            transaction.execute_batch(&append_only("seals", "position"))?;
            seals::append_all(&transaction)?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    Ok(transaction.commit()?)
}

fn create_tables(connection: &Connection) -> Result<(), LedgerError> {
    connection.execute_batch(TABLES)?;
    connection.execute_batch(LEASES)?;
    connection.execute_batch(seals::TABLE)?;
    for (table, key) in KEPT {
        connection.execute_batch(&append_only(table, key))?;
    }
    Ok(())
}

fn append_only(table: &str, key: &str) -> String {
    APPEND_ONLY.replace("TABLE", table).replace("KEY", key)
}

/// The tables of questions, answers and seals, and the triggers that keep them, that are not as a new ledger has them.
pub(super) fn differences(connection: &Connection) -> Result<Vec<String>, LedgerError> {
    let new = Connection::open_in_memory()?;
    create_tables(&new)?;
    let names: Vec<&str> = KEPT.iter().map(|(table, _)| *table).collect();
    let parts = format!(
        "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name IN ('{}') ORDER BY rowid",
        names.join("', '")
    );
    let parts = |connection: &Connection| -> Result<BTreeMap<String, String>, LedgerError> {
        let mut statement = connection.prepare(&parts)?;
        let parts = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(parts.collect::<Result<_, _>>()?)
    };
    let (expected, found) = (parts(&new)?, parts(connection)?);
    let missing = expected.iter().filter_map(|(name, sql)| match found.get(name) {
        None => Some(format!("the {name} is missing")),
        Some(other) if other != sql => Some(format!("the {name} was changed")),
        Some(_) => None,
    });
    let added = found.keys().filter(|name| name.starts_with("trigger") && !expected.contains_key(*name));
    Ok(missing.chain(added.map(|name| format!("the {name} was added"))).collect())
}

#[cfg(test)]
mod tests {

    use super::super::fixture::{answer, ledger, question};
    use super::super::sqlite_ledger::{FILE, Ledger};
    use super::*;

    #[test]
    fn nothing_written_can_be_changed_deleted_or_replaced() {
        let (folder, ledger) = ledger(&[question(1, 1.0, 2)]);
        ledger.record(&[answer(1, 101, Some(true), "ann")]).unwrap();
        let outside = Connection::open(folder.path().join(FILE)).unwrap();
        for change in [
            "UPDATE answers SET related = 0",
            "DELETE FROM answers",
            "INSERT OR REPLACE INTO answers SELECT * FROM answers",
            "UPDATE questions SET anchor = 5",
            "DELETE FROM questions",
            "INSERT OR REPLACE INTO questions SELECT * FROM questions",
        ] {
            let error = outside.execute(change, []).unwrap_err().to_string();
            assert!(error.contains("append-only"), "{change}: {error}");
        }
        assert_eq!(ledger.since(0).unwrap()[0].answer, answer(1, 101, Some(true), "ann"));
    }

    #[test]
    fn commits_are_synced_to_the_disk() {
        let (_folder, ledger) = ledger(&[]);
        let read = |pragma: &str| {
            let query = format!("PRAGMA {pragma}");
            ledger.write(|t| Ok(t.query_row(&query, [], |row| row.get::<_, rusqlite::types::Value>(0))?)).unwrap()
        };
        assert_eq!(read("journal_mode"), "wal".to_owned().into());
        assert_eq!(read("synchronous"), 2.into());
        assert_eq!(read("foreign_keys"), 1.into());
        assert_eq!(read("busy_timeout"), 10_000.into());
    }

    #[test]
    fn a_ledger_can_be_read_where_nothing_can_be_written() {
        let (folder, ledger) = ledger(&[question(1, 1.0, 2)]);
        ledger.record(&[answer(1, 101, Some(true), "ann")]).unwrap();
        let path = folder.path().join(FILE);
        let error = open_to_read(&path).unwrap_err();
        assert!(matches!(&error, LedgerError::File { found, .. } if found.contains("-wal")), "{error:?}");
        drop(ledger);
        let reader = open_to_read(&path).unwrap();
        assert_eq!(reader.query_row("SELECT COUNT(*) FROM standing", [], |row| row.get(0)), Ok(1));
        let refused = reader.execute("INSERT INTO holds VALUES ('ann', 1, 0, 0)", []).unwrap_err();
        assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::ReadOnly));
    }

    #[test]
    fn files_that_are_not_a_ledger_are_refused() {
        let refusal = |prepare: &dyn Fn(&Path)| {
            let folder = tempfile::tempdir().unwrap();
            prepare(&folder.path().join(FILE));
            Ledger::open(folder.path()).unwrap_err().to_string()
        };
        let garbage = refusal(&|path| std::fs::write(path, [b'x'; 5000]).unwrap());
        assert!(garbage.contains("not a database") && garbage.contains("damaged"), "{garbage}");
        let other = refusal(&|path| Connection::open(path).unwrap().execute_batch("CREATE TABLE t (x)").unwrap());
        assert!(other.contains("another program"), "{other}");
        let newer = refusal(&|path| {
            drop(Ledger::open(path.parent().unwrap()).unwrap());
            Connection::open(path).unwrap().pragma_update(None, "user_version", 3).unwrap();
        });
        assert!(newer.contains("version 3") && newer.contains("update"), "{newer}");
    }

    #[test]
    fn a_file_with_a_damaged_page_is_refused() {
        let questions: Vec<_> = (1..2000).map(|number| question(number, 1.0, 3)).collect();
        let (folder, ledger) = ledger(&questions);
        drop(ledger);
        let path = folder.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2 / 4096 * 4096;
        bytes[middle..middle + 4096].fill(0xa5);
        std::fs::write(&path, bytes).unwrap();
        let error = Ledger::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("damaged"), "{error}");
    }
}
