//! Arrow tables of the ledger.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Float32Array, ListArray, RecordBatch, StringArray, TimestampMicrosecondArray, UInt32Array,
    UInt64Array,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use relata_oracle::Question;
use relata_schemas::answers::ANSWERS;
use relata_schemas::questions::QUESTIONS;

use super::answers::LedgerEntry;
use super::sqlite_ledger::Ledger;
use super::{answers, questions};
use crate::error::Result;

impl Ledger {
    /// The tables [`QUESTIONS`] (by number) and [`ANSWERS`] (by sequence), both of the same moment.
    pub fn tables(&self) -> Result<(RecordBatch, RecordBatch)> {
        let (questions, answers) =
            self.read(|transaction| Ok((questions::all(transaction)?, answers::since(transaction, 0)?)))?;
        let questions = RecordBatch::try_new(QUESTIONS.schema(), question_columns(&questions))?;
        Ok((questions, RecordBatch::try_new(ANSWERS.schema(), answer_columns(&answers))?))
    }
}

fn question_columns(rows: &[Question]) -> Vec<ArrayRef> {
    let candidates = ListArray::new(
        Arc::new(Field::new("item", DataType::UInt64, false)),
        OffsetBuffer::from_lengths(rows.iter().map(|q| q.candidates.len())),
        Arc::new(UInt64Array::from_iter_values(rows.iter().flat_map(|q| q.candidates.iter().map(|id| id.0)))),
        None,
    );
    vec![
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|q| q.question))),
        Arc::new(UInt32Array::from_iter_values(rows.iter().map(|q| q.round))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|q| q.anchor.0))),
        Arc::new(candidates),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|q| &q.strategy))),
        Arc::new(Float32Array::from_iter_values(rows.iter().map(|q| q.priority))),
    ]
}

fn answer_columns(rows: &[LedgerEntry]) -> Vec<ArrayRef> {
    let answered_at = TimestampMicrosecondArray::from_iter_values(rows.iter().map(|row| row.answer.answered_at));
    vec![
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.sequence))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.answer.question))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.answer.anchor.0))),
        Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.answer.candidate.0))),
        Arc::new(rows.iter().map(|row| row.answer.related).collect::<BooleanArray>()),
        Arc::new(Float32Array::from_iter_values(rows.iter().map(|row| row.answer.confidence))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.answer.oracle))),
        Arc::new(StringArray::from_iter_values(rows.iter().map(|row| &row.answer.annotator))),
        Arc::new(Float32Array::from_iter_values(rows.iter().map(|row| row.answer.cost))),
        Arc::new(answered_at.with_timezone("UTC")),
        Arc::new(rows.iter().map(|row| row.undoes).collect::<UInt64Array>()),
    ]
}

#[cfg(test)]
mod tests {
    use arrow::array::{Array, AsArray};
    use arrow::datatypes::UInt64Type;

    use relata_data::index::SampleId;

    use super::super::fixture::{answers, ledger, question};

    #[test]
    fn tables_hold_every_row_and_keep_their_contract() {
        let asked = [question(1, 0.5, 2), question(2, 1.5, 3)];
        let (_folder, ledger) = ledger(&asked);
        ledger.record(&answers(&asked[1], "ann")).unwrap();
        ledger.undo(2, "ann").unwrap();
        let (questions, answers) = ledger.tables().unwrap();
        relata_schemas::questions::validate(&questions, 0).unwrap();
        relata_schemas::answers::validate(&answers, 0).unwrap();
        let second = questions["candidates"].as_list::<i32>().value(1);
        assert_eq!(SampleId::slice(second.as_primitive::<UInt64Type>().values()), asked[1].candidates);
        assert_eq!((questions.num_rows(), answers.num_rows()), (2, 6));
        let undoes = answers["undoes"].as_primitive::<UInt64Type>();
        assert_eq!((undoes.null_count(), undoes.value(3)), (3, 1));
    }

    #[test]
    fn an_empty_ledger_has_empty_tables() {
        let (_folder, ledger) = ledger(&[]);
        let (questions, answers) = ledger.tables().unwrap();
        assert_eq!((questions.num_rows(), answers.num_rows()), (0, 0));
    }
}
