//! Last seal: a file beside the ledger that tells whether the ledger is still the one that questions were asked of. An
//! empty or another ledger would read as "no answers", and paid answers be asked for again.

use std::path::Path;

use relata_data::DataError;
use relata_data::sink::write_sealed;
use relata_schemas::run_file::LEDGER_SEAL;

use super::error::LedgerError;
use super::seals::Seal;
use crate::error::Result;

/// A seal without its ledger.
pub(super) const LOST: LedgerError = LedgerError::Lost;

/// Another ledger than the one of a seal.
pub(super) fn swapped(seal: &Seal) -> LedgerError {
    LedgerError::Swapped { rows: seal.rows }
}

/// The seal in a folder, if there is one.
pub(super) fn read(folder: &Path) -> Result<Option<Seal>> {
    let path = folder.join(LEDGER_SEAL);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DataError::io(&path)(error).into()),
    };
    match text.trim().parse() {
        Ok(seal) => Ok(Some(seal)),
        Err(found) => Err(DataError::Unreadable {
            path,
            expected: "the seal of a ledger".to_owned(),
            found,
            hint: "`relata audit` prints the seal of the ledger as it is now.".to_owned(),
        }
        .into()),
    }
}

/// Writes the seal of a ledger, if it has rows, into its folder. Rows are durable before, so that a killed process leaves an
/// older seal, which the ledger holds as well.
pub(super) fn write(seal: Option<Seal>, folder: &Path) -> Result<()> {
    match seal {
        Some(seal) => Ok(write_sealed(&folder.join(LEDGER_SEAL), format!("{seal}\n").as_bytes())?),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{answers, ledger, question};
    use super::super::sqlite_ledger::{FILE, Ledger};
    use super::*;

    #[test]
    fn an_empty_another_or_an_older_ledger_is_refused_and_stays_as_it_is() {
        let (folder, first) = ledger(&[question(1, 1.0, 2)]);
        first.record(&answers(&question(1, 1.0, 2), "ann")).unwrap();
        let path = folder.path().join(FILE);
        let older = tempfile::tempdir().unwrap();
        first.copy_to(older.path()).unwrap();
        first.ask(&[question(2, 1.0, 2)]).unwrap();
        drop(first);
        drop(Ledger::open(folder.path()).unwrap());
        let right = std::fs::read(&path).unwrap();
        let (other, _) = ledger(&[question(3, 1.0, 2), question(4, 1.0, 2), question(5, 1.0, 2), question(6, 1.0, 2)]);
        let read = |folder: &Path| std::fs::read(folder.join(FILE)).unwrap();
        for wrong in [vec![], read(other.path()), read(older.path())] {
            std::fs::write(&path, &wrong).unwrap();
            let error = Ledger::open(folder.path()).unwrap_err().to_string();
            assert!(error.contains("4 rows") && error.contains("answers.seal"), "{error}");
            assert!(std::fs::read(&path).unwrap().len() >= wrong.len());
            ["-wal", "-shm"].iter().for_each(|end| drop(std::fs::remove_file(format!("{}{end}", path.display()))));
        }
        std::fs::remove_file(&path).unwrap();
        let error = Ledger::open(folder.path()).unwrap_err().to_string();
        assert!(error.contains("is gone") && !path.exists(), "{error}");
        std::fs::write(&path, right).unwrap();
        assert_eq!(Ledger::open(folder.path()).unwrap().since(0).unwrap().len(), 2);
    }
}
