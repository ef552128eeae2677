//! `questions` and `answers`: the ledger of a run as it is at the moment of the query, while it is being written.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use relata_question::ledger::Ledger;
use relata_schemas::answers::ANSWERS;
use relata_schemas::questions::QUESTIONS;

use super::SqlError;
use super::computed::Computation;
use crate::run::Run;

/// A table of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LedgerTable {
    Questions,
    Answers,
}

impl LedgerTable {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Questions, Self::Answers];

    /// The table's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Questions => QUESTIONS.name,
            Self::Answers => ANSWERS.name,
        }
    }
}

/// Reads the ledger of a run when it is asked to.
#[derive(Debug)]
pub(super) struct ReadLedger {
    pub run: Run,
    pub table: LedgerTable,
}

impl Computation for ReadLedger {
    fn schema(&self) -> SchemaRef {
        match self.table {
            LedgerTable::Questions => QUESTIONS.schema(),
            LedgerTable::Answers => ANSWERS.schema(),
        }
    }

    fn compute(&self) -> Result<RecordBatch, SqlError> {
        let tables = Ledger::open(self.run.folder()).and_then(|ledger| ledger.tables());
        let (questions, answers) = tables.map_err(|error| SqlError::run(error.into()))?;
        Ok(match self.table {
            LedgerTable::Questions => questions,
            LedgerTable::Answers => answers,
        })
    }
}
