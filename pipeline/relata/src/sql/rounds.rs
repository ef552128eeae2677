//! Round tables, `rounds` and `bridges`: what was written down about the rounds of questions of a run.

use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray, UInt32Array, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use relata_active::query_loop::StopReason;

use super::computed::Computation;
use super::error::SqlError;
use crate::store::{Bridge, RoundRecord, Run};

static ROUNDS: LazyLock<SchemaRef> = LazyLock::new(|| {
    let count = |name: &str| Field::new(name, DataType::UInt64, false);
    Arc::new(Schema::new(vec![
        Field::new("round", DataType::UInt32, false),
        count("questions"),
        // Since the beginning.
        Field::new("spent", DataType::Float64, false),
        count("answers"),
        count("yes"),
        count("predicted"),
        count("judged"),
        count("implied"),
        count("validation"),
        count("validated"),
        count("passed"),
        count("contradictions"),
        count("known_positives"),
        count("known_negatives"),
        count("components"),
        count("bridges"),
        Field::new("stop", DataType::Utf8, true),
    ]))
});

static BRIDGES: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("round", DataType::UInt32, false),
        Field::new("answer", DataType::UInt64, false),
        Field::new("src", DataType::UInt64, false),
        Field::new("dst", DataType::UInt64, false),
    ]))
});

/// A table about rounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RoundTable {
    /// A row for each round that was answered; `stop` says why the last one was the last.
    Rounds,
    /// The doubted answers after each round: a "yes" that alone holds two big sides of a component together.
    Bridges,
}

impl RoundTable {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Rounds, Self::Bridges];

    /// The table's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rounds => "rounds",
            Self::Bridges => "bridges",
        }
    }
}

/// Reads the records of a run when it is asked to.
#[derive(Debug)]
pub(super) struct ReadRounds {
    pub run: Run,
    pub table: RoundTable,
}

impl Computation for ReadRounds {
    fn schema(&self) -> SchemaRef {
        match self.table {
            RoundTable::Rounds => ROUNDS.clone(),
            RoundTable::Bridges => BRIDGES.clone(),
        }
    }

    fn compute(&self) -> Result<RecordBatch, SqlError> {
        let records = self.run.rounds().map_err(SqlError::run)?;
        let columns = match self.table {
            RoundTable::Rounds => rounds(&records),
            RoundTable::Bridges => bridges(&records),
        };
        Ok(RecordBatch::try_new(self.schema(), columns)?)
    }
}

fn rounds(records: &[RoundRecord]) -> Vec<ArrayRef> {
    let count =
        |of: fn(&RoundRecord) -> u64| -> ArrayRef { Arc::new(UInt64Array::from_iter_values(records.iter().map(of))) };
    vec![
        Arc::new(UInt32Array::from_iter_values(records.iter().map(|r| r.round.round))),
        count(|r| r.round.questions),
        Arc::new(Float64Array::from_iter_values(records.iter().map(|r| r.round.spent))),
        count(|r| r.round.progress.answers),
        count(|r| r.round.progress.yes),
        count(|r| r.round.progress.predicted),
        count(|r| r.round.progress.judged),
        count(|r| r.round.progress.implied),
        count(|r| r.round.progress.validation),
        count(|r| r.round.progress.validated),
        count(|r| r.round.progress.passed),
        count(|r| r.round.progress.contradictions),
        count(|r| r.round.implied.0),
        count(|r| r.round.implied.1),
        count(|r| r.round.components),
        count(|r| r.bridges.len() as u64),
        Arc::new(StringArray::from_iter(records.iter().map(|r| r.round.stop.map(word)))),
    ]
}

fn bridges(records: &[RoundRecord]) -> Vec<ArrayRef> {
    let all = || records.iter().flat_map(|r| r.bridges.iter().map(|bridge| (r.round.round, bridge)));
    let column = |of: fn(&Bridge) -> u64| -> ArrayRef {
        Arc::new(UInt64Array::from_iter_values(all().map(|(_, bridge)| of(bridge))))
    };
    vec![
        Arc::new(UInt32Array::from_iter_values(all().map(|(round, _)| round))),
        column(|bridge| bridge.answer),
        column(|bridge| bridge.src.0),
        column(|bridge| bridge.dst.0),
    ]
}

/// The reason in a word; the shares of the rules are in the other columns.
fn word(stop: StopReason) -> &'static str {
    match stop {
        StopReason::Budget => "budget",
        StopReason::Passed(_) => "passed",
        StopReason::NoQuestion => "no_question",
        StopReason::Predicted(_) => "predicted",
        StopReason::Implied(_) => "implied",
        StopReason::Validated(_) => "validated",
    }
}
