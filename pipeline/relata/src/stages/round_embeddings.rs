//! Round embeddings: those of the training rows, as query strategies see them.

use arrow::array::AsArray;
use arrow::datatypes::{Float32Type, UInt64Type};
use relata_data::ParquetFile;
use relata_data::index::{Row, SampleId};
use relata_data::source::Samples;

use super::context::StageContext;
use crate::error::Result;
use crate::store::{Artifact, Run};

/// Embeddings of the training rows after a round, each of unit length.
pub(super) fn unit_embeddings(context: &StageContext<'_>, number: u32) -> Result<(Vec<f32>, usize)> {
    let place = |row: Row| context.rows.binary_search(&row).ok();
    read(&context.samples, &context.run.round(number), context.rows.len(), place)
}

/// Embeddings of all rows in `run`, each of unit length.
pub(crate) fn all_unit_embeddings(samples: &Samples, run: &Run) -> Result<(Vec<f32>, usize)> {
    read(samples, run, samples.ids.rows(), |row| Some(row.index()))
}

fn read(samples: &Samples, run: &Run, rows: usize, place: impl Fn(Row) -> Option<usize>) -> Result<(Vec<f32>, usize)> {
    let path = run.existing(Artifact::Embeddings)?;
    let (mut values, mut width) = (Vec::new(), 0);
    for batch in ParquetFile::open(&path)?.all_batches()? {
        let batch = batch?;
        let list = batch["embedding"].as_fixed_size_list();
        let ids = batch["id"].as_primitive::<UInt64Type>();
        width = list.value_length() as usize;
        values.resize(rows * width, 0.0);
        for (at, &id) in ids.values().iter().enumerate() {
            if let Some(position) = samples.ids.row(SampleId(id)).and_then(&place) {
                let vector = list.value(at);
                let out = &mut values[position * width..][..width];
                out.copy_from_slice(vector.as_primitive::<Float32Type>().values());
                normalise(out);
            }
        }
    }
    Ok((values, width))
}

/// Scales a vector to unit length.
pub(crate) fn normalise(vector: &mut [f32]) {
    let norm = vector.iter().map(|v| v * v).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
    vector.iter_mut().for_each(|v| *v /= norm);
}
