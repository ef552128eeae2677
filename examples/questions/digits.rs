//! Digits as rows of unit length, with the neighbour graph of the training rows.

use relata::arrow::array::AsArray;
use relata::arrow::datatypes::{Int32Type, UInt64Type};
use relata::data::source::{ingest, session};
use relata::data::{DataError, Session, query};
use relata::graph::neighbour_graph::NeighbourGraph;
use relata::prelude::*;

/// The rows of one split.
#[derive(Default)]
pub struct Split {
    /// Features `[rows, width]`, row-major.
    pub rows: Vec<f32>,
    pub labels: Vec<u32>,
}

pub struct Digits {
    pub train: Split,
    pub test: Split,
    pub width: usize,
    pub neighbours: NeighbourGraph,
}

impl Digits {
    pub async fn read() -> relata::Result<Self> {
        let data = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits.parquet");
        let folder = tempfile::tempdir().map_err(DataError::io("a temporary folder"))?;
        let session = session();
        let samples = ingest(&parquet(data).features("image"), &session, folder.path(), &mut |_| {}).await?;
        let width = samples.features.shape().len();
        let (mut train, mut test) = (Split::default(), Split::default());
        for (id, label, is_train) in labels(&session, &samples.samples_path.display().to_string()).await? {
            let mut row = vec![0.0; width];
            samples.features.read(samples.ids.row(SampleId(id)).unwrap_or_default(), &mut row)?;
            let norm = row.iter().map(|v| v * v).sum::<f32>().sqrt();
            row.iter_mut().for_each(|v| *v /= norm);
            let split = if is_train { &mut train } else { &mut test };
            split.rows.extend(row);
            split.labels.push(label);
        }
        let neighbours = NeighbourGraph::of(&train.rows, width, 5);
        Ok(Self { train, test, width, neighbours })
    }
}

/// Id, label, and whether it is a training row, of each sample.
async fn labels(session: &Session, samples: &str) -> relata::data::Result<Vec<(u64, u32, bool)>> {
    query::register_parquet(session, "samples", samples).await?;
    let text = "SELECT id, label, split = 'train' AS train FROM samples ORDER BY id";
    let mut found = Vec::new();
    for batch in query::collect(query::plan_sql(session, text).await?).await? {
        let ids = batch["id"].as_primitive::<UInt64Type>().values();
        let labels = batch["label"].as_primitive::<Int32Type>().values();
        let train = batch["train"].as_boolean();
        found.extend(ids.iter().zip(labels).enumerate().map(|(at, (&id, &label))| (id, label as u32, train.value(at))));
    }
    Ok(found)
}
