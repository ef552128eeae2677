//! Fixtures: small runs, with and without questions, for tests.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, FixedSizeListArray, Float32Array, Float64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt32Array, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Schema};
use relata_active::ledger::Ledger;
use relata_data::index::SampleId;
use relata_data::sink::ParquetSink;
use relata_data::source::DatasetPlan;
use relata_graph::Policy;
use relata_oracle::{Answer, Question};
use relata_registry::Description;
use relata_schemas::conflicts::CONFLICTS;
use relata_schemas::edges::EDGES;
use relata_schemas::embeddings::embedding_field;
use relata_schemas::memberships::MEMBERSHIPS;
use relata_schemas::metrics::METRICS;
use relata_schemas::oracle_accuracy::ORACLE_ACCURACY;
use relata_train::fit::Fit;
use relata_train::learner::Head;
use tempfile::TempDir;

use crate::store::{Artifact, Input, Plan, ResolvePlan, Run, TrainPlan, ViewsPlan};

/// A question of the first round.
pub fn question(number: u64, anchor: u64, candidates: &[u64]) -> Question {
    let (anchor, candidates) = (SampleId(anchor), SampleId::slice(candidates).to_vec());
    let strategy = "fixture".to_owned();
    Question { question: number, round: 1, anchor, candidates, strategy, priority: 1.0 }
}

/// A run that asks `(number, anchor, candidates)`.
pub fn asked(questions: &[(u64, u64, &[u64])]) -> (TempDir, Run) {
    let folder = tempfile::tempdir().unwrap();
    let run = self::run(folder.path());
    let questions: Vec<Question> = questions.iter().map(|(number, a, c)| question(*number, *a, c)).collect();
    Ledger::open(run.folder()).unwrap().ask(&questions).unwrap();
    (folder, run)
}

/// An answer of cost 0.5 for the oracle `test`.
pub fn answer(question: u64, anchor: u64, candidate: u64, related: Option<bool>, annotator: &str) -> Answer {
    Answer {
        question,
        anchor: SampleId(anchor),
        candidate: SampleId(candidate),
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
    write(run, Artifact::Metrics, &batch.unwrap());
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
    write(run, Artifact::Edges, &batch.unwrap());
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
    write(run, Artifact::Memberships, &batch.unwrap());
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
    write(run, Artifact::Conflicts, &batch.unwrap());
}

/// Writes `oracle_accuracy` of `(oracle, accuracy, agreement)`, of weight 1.
pub fn oracle_accuracy(run: &Run, rows: &[(&str, f64, Option<f64>)]) {
    let counts = || -> ArrayRef { Arc::new(UInt64Array::from(vec![8; rows.len()])) };
    let batch = RecordBatch::try_new(
        ORACLE_ACCURACY.schema(),
        vec![
            Arc::new(StringArray::from_iter_values(rows.iter().map(|row| row.0))),
            counts(),
            counts(),
            counts(),
            counts(),
            Arc::new(Float64Array::from_iter(rows.iter().map(|row| row.2))),
            Arc::new(Float64Array::from_iter_values(rows.iter().map(|row| row.1))),
            Arc::new(Float32Array::from(vec![1.0; rows.len()])),
        ],
    );
    write(run, Artifact::OracleAccuracy, &batch.unwrap());
}

/// A plan that trains for so many epochs.
pub fn plan(epochs: u64) -> Plan {
    Plan {
        version: Plan::VERSION.to_owned(),
        read: DatasetPlan {
            source: Description::new("parquet").with("path", "digits.parquet"),
            features: vec![],
            fields: vec![],
            without: vec![],
            shape: None,
            id: None,
            limit: None,
        },
        train_on: None,
        seed: None,
        views: ViewsPlan { count: 2, view: Description::new("noise").with("std", 0.5) },
        relate: vec![Description::new("same_sample"), Description::new("same_value").with("rel", "label")],
        resolve: ResolvePlan { policy: Policy::default(), infer: false, weigh_by_agreement: false },
        ask: None,
        train: Some(TrainPlan {
            encoder: Description::new("linear").with("width", 8),
            loss: Description::new("vicreg").with("sim", 25.0),
            fit: Fit::epochs(epochs),
        }),
        solve: None,
        embed: Head::Encoder,
        candidates: None,
        link: None,
        decide: None,
        evaluate: vec![Description::new("knn").with("label", "label")],
        extends: None,
        inputs: Input::all(vec![(PathBuf::from("digits.parquet"), 12, 255)]),
    }
}

/// A run without tables.
pub fn run(folder: &Path) -> Run {
    plan(5).write(&folder.join(Artifact::Plan)).unwrap();
    Run::open(folder).unwrap()
}

/// Writes a table of the run.
pub fn write(run: &Run, artifact: Artifact, batch: &RecordBatch) {
    let mut sink = ParquetSink::sealed(&run.path(artifact), batch.schema()).unwrap();
    sink.write(batch).unwrap();
    sink.finish().unwrap();
}

/// Writes `embeddings` of these vectors.
pub fn embeddings<const K: usize>(run: &Run, rows: &[(u64, [f32; K])]) {
    write(run, Artifact::Embeddings, &vectors(rows));
}

/// A batch of embeddings.
pub fn vectors<const K: usize>(rows: &[(u64, [f32; K])]) -> RecordBatch {
    let vector = embedding_field(K);
    let DataType::FixedSizeList(item, width) = vector.data_type().clone() else { unreachable!() };
    let values: ArrayRef = Arc::new(Float32Array::from_iter_values(rows.iter().flat_map(|row| row.1)));
    let vectors = FixedSizeListArray::new(item, width, values, None);
    let ids = UInt64Array::from_iter_values(rows.iter().map(|row| row.0));
    let schema = Arc::new(Schema::new(vec![Field::new("id", DataType::UInt64, false), vector]));
    RecordBatch::try_new(schema, vec![Arc::new(ids), Arc::new(vectors)]).unwrap()
}
