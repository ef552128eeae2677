//! Implied pairs: the table `implied` of what became known by each answer, beyond the pair that it is about.

use std::sync::{Arc, LazyLock};

use arrow::array::{Array, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Float32Type, Schema, SchemaRef, UInt64Type};
use datafusion::error::DataFusionError;
use relata_active::inference::{Belief, BeliefSettings, Constraint, ConstraintEffect, weight_of};
use relata_active::query_loop::prior_constraints;
use relata_data::index::{SampleId, TrainingRow};
use relata_data::source::session;

use super::error::SqlError;
use super::known_pairs::KnownPairs;
use crate::store::{Artifact, Plan, Run, groups, training_rows};

/// `positives` and `negatives` are how many more pairs of training rows are known to be related and to be unrelated
/// because of the row; below 0 where an answer that contradicts, or is taken back, makes pairs unknown again.
pub(super) static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    Arc::new(Schema::new(vec![
        Field::new("sequence", DataType::UInt64, false),
        Field::new("positives", DataType::Int64, false),
        Field::new("negatives", DataType::Int64, false),
        Field::new("outcome", DataType::Utf8, false),
    ]))
});

/// What a row of the ledger came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AnswerOutcome {
    New,
    AlreadyImplied,
    Contradiction,
    Passed,
    Undone,
    Outside,
}

impl AnswerOutcome {
    fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::AlreadyImplied => "already_implied",
            Self::Contradiction => "contradiction",
            Self::Passed => "passed",
            Self::Undone => "undone",
            Self::Outside => "outside",
        }
    }
}

/// The table of a run for these answers: each is taken at its word, in the order of the ledger, after what the passive
/// oracles said. (Where several annotators answer one question, the graph waits for the probability that follows from
/// all of them; here the second of two that agree has implied nothing new.)
pub(super) async fn table(run: &Run, answers: RecordBatch) -> Result<RecordBatch, SqlError> {
    let plan = run.plan().map_err(SqlError::run)?;
    let samples = run.samples().map_err(SqlError::run)?;
    let rows = training_rows(&session(), &samples, plan.train_on.as_deref()).await.map_err(SqlError::run)?;
    let run = run.clone();
    let folded = tokio::task::spawn_blocking(move || {
        let first = run.round(0);
        let mut known = KnownPairs::new(Belief::new(rows.len(), settings(&plan)));
        if first.path(Artifact::Memberships).is_file() {
            let groups = groups(&first, &samples).map_err(SqlError::run)?;
            known.begin(&prior_constraints(&groups, &rows));
        }
        let position = |id: SampleId| Some(TrainingRow(rows.binary_search(&samples.ids.row(id)?).ok()? as u32));
        fold(&mut known, position, &answers)
    });
    folded.await.map_err(|error| DataFusionError::ExecutionJoin(Box::new(error)))?
}

/// How the run decides contradictions.
fn settings(plan: &Plan) -> BeliefSettings {
    plan.ask.as_ref().map_or_else(BeliefSettings::default, |ask| BeliefSettings {
        policy: ask.config.policy,
        bridges_from: ask.config.bridges_from,
    })
}

fn fold(
    known: &mut KnownPairs,
    position: impl Fn(SampleId) -> Option<TrainingRow>,
    answers: &RecordBatch,
) -> Result<RecordBatch, SqlError> {
    let number = |name: &str| answers[name].as_primitive::<UInt64Type>();
    let (sequences, undoes) = (number("sequence"), number("undoes"));
    let (anchors, candidates) = (number("anchor"), number("candidate"));
    let related = answers["related"].as_boolean();
    let confidences = answers["confidence"].as_primitive::<Float32Type>();
    let mut implied = Vec::with_capacity(answers.num_rows());
    for row in 0..answers.num_rows() {
        let said = related.is_valid(row).then(|| related.value(row));
        let [anchor, candidate] = [anchors, candidates].map(|ids| position(SampleId(ids.value(row))));
        implied.push(match (anchor, candidate, said) {
            (Some(_), Some(_), _) if undoes.is_valid(row) => (AnswerOutcome::Undone, known.withdraw(undoes.value(row))),
            (Some(_), Some(_), None) => (AnswerOutcome::Passed, (0, 0)),
            (Some(a), Some(b), Some(related)) => {
                // An answer that is as likely wrong as right says no more than a pass does.
                weight_of(confidences.value(row)).map_or((AnswerOutcome::Passed, (0, 0)), |weight| {
                    let said = Constraint { number: sequences.value(row), a, b, related, weight };
                    let (outcome, change) = known.add(said);
                    (outcome.into(), change)
                })
            }
            _ => (AnswerOutcome::Outside, (0, 0)),
        });
    }
    let columns: Vec<arrow::array::ArrayRef> = vec![
        Arc::new(sequences.clone()),
        Arc::new(Int64Array::from_iter_values(implied.iter().map(|(_, change)| change.0))),
        Arc::new(Int64Array::from_iter_values(implied.iter().map(|(_, change)| change.1))),
        Arc::new(StringArray::from_iter_values(implied.iter().map(|(outcome, _)| outcome.name()))),
    ];
    Ok(RecordBatch::try_new(SCHEMA.clone(), columns)?)
}

impl From<ConstraintEffect> for AnswerOutcome {
    fn from(effect: ConstraintEffect) -> Self {
        match effect {
            ConstraintEffect::New => Self::New,
            ConstraintEffect::Known => Self::AlreadyImplied,
            ConstraintEffect::Contradiction => Self::Contradiction,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{answer, asked};

    #[test]
    fn every_row_says_what_it_came_to() {
        let (_folder, run) = asked(&[(1, 1, &[2, 9]), (2, 2, &[3]), (3, 1, &[3, 4]), (4, 3, &[1])]);
        let ledger = run.ledger().unwrap();
        let said = [
            answer(1, 1, 2, Some(true), "ann"),
            answer(1, 1, 9, Some(true), "ann"),
            answer(2, 2, 3, Some(true), "ann"),
            answer(1, 1, 2, Some(true), "cat"),
            answer(3, 1, 4, Some(false), "ann"),
            answer(4, 3, 1, None, "ann"),
            answer(4, 3, 1, Some(false), "bob"),
        ];
        ledger.record(&said).unwrap();
        ledger.undo(2, "ann").unwrap();
        let (_, answers) = ledger.tables().unwrap();
        let mut known = KnownPairs::new(Belief::new(5, BeliefSettings::default()));
        let table = fold(&mut known, |id| (id.0 < 5).then_some(TrainingRow(id.0 as u32)), &answers).unwrap();
        let number = |name: &str, row| table[name].as_primitive::<arrow::datatypes::Int64Type>().value(row);
        let found: Vec<_> = (0..table.num_rows())
            .map(|row| {
                let outcome = table["outcome"].as_string::<i32>().value(row);
                (outcome, number("positives", row), number("negatives", row))
            })
            .collect();
        let expected = [
            ("new", 1, 0),
            ("outside", 0, 0),
            ("new", 2, 0),
            ("already_implied", 0, 0),
            ("new", 0, 3),
            ("passed", 0, 0),
            ("contradiction", 0, 0),
            // Without the chain that it contradicts, the other answer stands: 3 is apart from 1 and 2.
            ("undone", -2, 1),
        ];
        assert_eq!(found, expected);
    }
}
