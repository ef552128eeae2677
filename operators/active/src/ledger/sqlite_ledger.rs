//! Ledger in SQLite: one append-only file, which is durable before an answer is used.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use relata_data::DataError;
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::error::LedgerError;
use super::{last_seal, schema};
use crate::error::Result;

/// The ledger's file in the folder of a run.
pub use relata_schemas::run_file::LEDGER as FILE;

/// The questions and answers of a run. Clones share their connections; several processes may have the same ledger open.
///
/// The tables `questions` and `answers` have the columns of [`relata_schemas::questions`] and
/// [`relata_schemas::answers`], and the view `standing` has the answers that were not undone. Ids of 2^63 and above are
/// stored as the negative number of the same 64 bits, `candidates` as a JSON array, and `answered_at` in microseconds
/// since 1970 (UTC). Triggers refuse to change or delete a question or an answer.
///
/// ```
/// use relata_active::ledger::Ledger;
/// use relata_data::index::SampleId;
/// use relata_oracle::{Answer, Cost, Question};
///
/// let folder = tempfile::tempdir()?;
/// let ledger = Ledger::open(folder.path())?;
/// let (anchor, candidates, strategy) = (SampleId(7), vec![SampleId(8)], "own".to_owned());
/// let question = Question { question: 1, round: 1, anchor, candidates, strategy, priority: 1.0 };
/// ledger.ask(&[question.clone()])?;
/// ledger.record(&[Answer::now(&question, SampleId(8), Some(true), "anna", Cost::default())])?;
/// assert_eq!(ledger.since(0)?.len(), 1);
/// assert!(ledger.unanswered(1)?.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(super) shared: Arc<Shared>,
}

#[derive(Debug)]
pub(super) struct Shared {
    folder: PathBuf,
    path: PathBuf,
    /// Which file it is, as far as the system tells.
    identity: Option<(u64, u64)>,
    writer: Mutex<Connection>,
    /// A connection of its own, so that reads do not wait until a write has reached the disk.
    reader: Mutex<Connection>,
    pub spent: Mutex<Spending>,
}

/// The cost of all rows up to a sequence.
#[derive(Debug, Default)]
pub(super) struct Spending {
    pub sequence: u64,
    pub cost: f64,
}

impl Ledger {
    /// Opens the ledger in the folder of a run, or creates it. [`DataError::Missing`] if there is no such folder,
    /// [`ActiveError::Ledger`](crate::ActiveError::Ledger) if the file there is damaged, another program's, of a newer
    /// version, or not the one whose [seal](Self::seal) lies beside it. On a medium that cannot be written to it is only
    /// read.
    pub fn open(folder: &Path) -> Result<Self> {
        if !folder.is_dir() {
            return Err(DataError::Missing {
                path: folder.to_path_buf(),
                hint: "A ledger is kept in the folder of a run: create the folder, or name another one.".to_owned(),
            }
            .into());
        }
        let path = folder.join(FILE);
        let kept = last_seal::read(folder)?;
        if kept.is_some() && !path.exists() {
            return Err(last_seal::LOST.at(&path));
        }
        if let Some(seal) = &kept
            && std::fs::metadata(&path).is_ok_and(|about| about.len() == 0)
        {
            // It would be made into a new ledger.
            return Err(last_seal::swapped(seal).at(&path));
        }
        let (writer, reader) = schema::open(&path).map_err(|error| error.at(&path))?;
        let ledger = Self {
            shared: Arc::new(Shared {
                folder: folder.to_path_buf(),
                identity: identity(&path),
                path,
                writer: Mutex::new(writer),
                reader: Mutex::new(reader),
                spent: Mutex::default(),
            }),
        };
        match kept {
            Some(seal) if !ledger.holds(&seal)? => Err(last_seal::swapped(&seal).at(&ledger.shared.path)),
            _ => Ok(ledger),
        }
    }

    /// Writes a copy of the ledger as it is now into the folder of another run, which has none yet.
    pub fn copy_to(&self, folder: &Path) -> Result<()> {
        let (path, unfinished) = (folder.join(FILE), folder.join(format!("{FILE}.tmp")));
        if path.exists() {
            let hint = "A run has one ledger: name another folder.".to_owned();
            return Err(DataError::Unreadable {
                path,
                expected: "no ledger yet".to_owned(),
                found: "one".to_owned(),
                hint,
            }
            .into());
        }
        // What a killed process has left.
        std::fs::remove_file(&unfinished).ok();
        // Before the copy: others may write meanwhile, and the copy has to hold what is sealed.
        let seal = self.seal()?;
        let connection = self.shared.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let copied = connection.execute("VACUUM INTO ?1", [&unfinished.to_string_lossy()]).map(|_| ());
        copied.map_err(|error| LedgerError::from(error).at(&unfinished))?;
        let durable = std::fs::File::open(&unfinished).and_then(|file| file.sync_all());
        durable.and_then(|()| std::fs::rename(&unfinished, &path)).map_err(DataError::io(&path))?;
        last_seal::write(seal, folder)
    }

    /// Opens a copy, in a folder without a ledger, of a ledger's file of any name, as it is now; others may write to it
    /// meanwhile.
    pub fn copy_of(file: &Path, folder: &Path) -> Result<Self> {
        let reader = schema::reader(file).map_err(|error| error.at(file))?;
        let copied = reader.execute("VACUUM INTO ?1", [&folder.join(FILE).to_string_lossy()]);
        copied.map_err(|error| LedgerError::from(error).at(file))?;
        Self::open(folder)
    }

    /// The ledger's file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// The folder of the run.
    pub fn folder(&self) -> &Path {
        &self.shared.folder
    }

    /// Runs `work` as one durable transaction; nothing of it is written if it fails.
    pub(super) fn write<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError>) -> Result<T> {
        // A panic while the lock was held has rolled its transaction back, so the connection is sound.
        let mut connection = self.shared.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            // A file that was removed or replaced takes what is written, and nobody will ever find it.
            if identity(&self.shared.path) != self.shared.identity {
                return Err(LedgerError::File {
                    found: "the file was removed or replaced while it was in use: nothing is recorded any more"
                        .to_owned(),
                    hint: "Put it back, and start again.",
                });
            }
            Ok(value)
        };
        self.named(run())
    }

    /// Runs `work` on one consistent state of the ledger.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Transaction<'_>) -> Result<T, LedgerError>) -> Result<T> {
        let mut connection = self.shared.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || work(&connection.transaction()?);
        self.named(run())
    }

    fn named<T>(&self, result: Result<T, LedgerError>) -> Result<T> {
        result.map_err(|error| error.at(&self.shared.path))
    }
}

/// The device and the number of a file.
fn identity(path: &Path) -> Option<(u64, u64)> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(path).ok().map(|about| (about.dev(), about.ino()))
    }
    #[cfg(not(unix))]
    {
        path.exists().then_some((0, 0))
    }
}

#[cfg(test)]
mod tests {

    use super::super::fixture::{answer, ledger, question};
    use super::*;
    use crate::error::ActiveError;

    #[test]
    fn a_second_handle_and_a_clone_see_the_same_ledger() {
        let (folder, ledger) = ledger(&[question(1, 1.0, 2)]);
        ledger.record(&[answer(1, 101, Some(true), "ann")]).unwrap();
        let again = Ledger::open(folder.path()).unwrap();
        assert_eq!(again.since(0).unwrap(), ledger.clone().since(0).unwrap());
        assert_eq!((again.folder(), again.path()), (folder.path(), folder.path().join(FILE).as_path()));
    }

    #[test]
    fn a_copy_has_the_same_answers() {
        let (_folder, ledger) = ledger(&[question(1, 1.0, 2)]);
        ledger.record(&[answer(1, 101, Some(true), "ann")]).unwrap();
        let other = tempfile::tempdir().unwrap();
        ledger.copy_to(other.path()).unwrap();
        let copy = Ledger::open(other.path()).unwrap();
        assert_eq!(copy.since(0).unwrap(), ledger.since(0).unwrap());
        assert!(ledger.copy_to(other.path()).is_err(), "there is one already");
    }

    #[cfg(unix)]
    #[test]
    fn what_is_written_to_a_file_that_was_removed_is_not_recorded() {
        let (folder, ledger) = ledger(&[question(1, 1.0, 2)]);
        std::fs::remove_file(folder.path().join(FILE)).unwrap();
        let error = ledger.record(&[answer(1, 101, Some(true), "ann")]).unwrap_err().to_string();
        assert!(error.contains("removed or replaced"), "{error}");
    }

    #[test]
    fn reads_do_not_wait_for_a_writer() {
        let (_folder, ledger) = ledger(&[question(1, 1.0, 2)]);
        let writing = ledger.write(|_| {
            assert_eq!(ledger.questions().map(|q| q.len()).unwrap_or_default(), 1);
            Ok(())
        });
        writing.unwrap();
    }

    #[test]
    fn a_missing_folder_is_named() {
        let error = Ledger::open(Path::new("/nowhere/at/all")).unwrap_err();
        let ActiveError::Data(DataError::Missing { path, .. }) = &error else { panic!("{error}") };
        assert_eq!(path, Path::new("/nowhere/at/all"));
    }
}
