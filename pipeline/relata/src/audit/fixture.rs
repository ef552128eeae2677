//! Small runs with questions and answers, for tests.

use std::sync::Arc;

use arrow::array::{
    BooleanArray, Float32Array, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray, UInt32Array,
    UInt64Array,
};
use relata_active::ledger::Ledger;
use relata_oracle::{Answer, Question};
use relata_schemas::conflicts::CONFLICTS;
use relata_schemas::edges::EDGES;
use relata_schemas::memberships::MEMBERSHIPS;
use relata_schemas::metrics::METRICS;
use tempfile::TempDir;

use crate::run::Run;
use crate::sql::fixture;

/// A question of the first round.
pub fn question(number: u64, anchor: u64, candidates: &[u64]) -> Question {
    let (candidates, strategy) = (candidates.to_vec(), "fixture".to_owned());
    Question { question: number, round: 1, anchor, candidates, strategy, priority: 1.0 }
}

/// A run that asks `(number, anchor, candidates)`.
pub fn asked(questions: &[(u64, u64, &[u64])]) -> (TempDir, Run) {
    let folder = tempfile::tempdir().unwrap();
    let run = fixture::run(folder.path());
    let questions: Vec<Question> = questions.iter().map(|(number, a, c)| question(*number, *a, c)).collect();
    Ledger::open(run.folder()).unwrap().ask(&questions).unwrap();
    (folder, run)
}

/// An answer of cost 0.5 for the oracle `test`.
pub fn answer(question: u64, anchor: u64, candidate: u64, related: Option<bool>, annotator: &str) -> Answer {
    Answer {
        question,
        anchor,
        candidate,
        related,
        confidence: 1.0,
        oracle: "test".to_owned(),
        annotator: annotator.to_owned(),
        cost: 0.5,
        answered_at: 1_700_000_000_000_000,
    }
}

/// Writes `metrics` of `(round, name, value)`.
pub fn metrics(run: &Run, rows: &[(u32, &str, f64)]) {
    let counts = UInt64Array::from_iter_values(0..rows.len() as u64);
    let moments = TimestampMicrosecondArray::from_iter_values(0..rows.len() as i64).with_timezone("UTC");
    let batch = RecordBatch::try_new(
        METRICS.schema(),
        vec![
            Arc::new(counts),
            Arc::new(UInt32Array::from(vec![0; rows.len()])),
            Arc::new(UInt32Array::from_iter_values(rows.iter().map(|row| row.0))),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.1))),
            Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.2))),
            Arc::new(moments),
        ],
    );
    fixture::write(run, "metrics", &batch.unwrap());
}

/// Writes `edges` of `(src, dst, weight, rel)`.
pub fn edges(run: &Run, rows: &[(u64, u64, f32, &str)]) {
    let batch = RecordBatch::try_new(
        EDGES.schema(),
        vec![
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.0))),
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.1))),
            Arc::new(Float32Array::from_iter_values(rows.iter().map(|row| row.2))),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.3))),
            Arc::new(Float32Array::from(vec![1.0; rows.len()])),
            Arc::new(UInt32Array::from(vec![0; rows.len()])),
            Arc::new(BooleanArray::from(vec![false; rows.len()])),
        ],
    );
    fixture::write(run, "edges", &batch.unwrap());
}

/// Writes `memberships` of weight 1 of `(id, group, rel, exclusive)`.
pub fn memberships(run: &Run, rows: &[(u64, u64, &str, bool)]) {
    let batch = RecordBatch::try_new(
        MEMBERSHIPS.schema(),
        vec![
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.0))),
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.1))),
            Arc::new(Float32Array::from(vec![1.0; rows.len()])),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.2))),
            Arc::new(BooleanArray::from_iter(rows.iter().map(|row| Some(row.3)))),
        ],
    );
    fixture::write(run, "memberships", &batch.unwrap());
}

/// Writes `conflicts` of `(src, dst, positive, negative, kept)`.
pub fn conflicts(run: &Run, rows: &[(u64, u64, &str, &str, f32)]) {
    let batch = RecordBatch::try_new(
        CONFLICTS.schema(),
        vec![
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.0))),
            Arc::new(UInt64Array::from_iter_values(rows.iter().map(|row| row.1))),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.2))),
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.3))),
            Arc::new(StringArray::from(vec!["latest_wins"; rows.len()])),
            Arc::new(Float32Array::from_iter_values(rows.iter().map(|row| row.4))),
        ],
    );
    fixture::write(run, "conflicts", &batch.unwrap());
}
